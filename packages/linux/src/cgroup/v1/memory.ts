// SPDX-License-Identifier: Apache-2.0
import { isErrno } from '../../errno.ts'
import { noLimit, readNumber, writeControl } from '../files.ts'
import { refuseBelowUsage } from '../memory-usage.ts'
import type { MemoryResources } from '../resources.ts'

const limitFile = 'memory.limit_in_bytes'
const swapFile = 'memory.memsw.limit_in_bytes'

/** Writes memory limits into the v1 controller. Kernel memory limits no longer exist in Linux and are passed over. @internal */
export function applyV1Memory(folder: () => string, memory: MemoryResources): void {
  if (memory.limit || memory.swap) applyLimits(folder(), memory)
  if (memory.reservation) writeControl(folder(), 'memory.soft_limit_in_bytes', memory.reservation)
  if (memory.kernelTCP) writeControl(folder(), 'memory.kmem.tcp.limit_in_bytes', memory.kernelTCP)
  if (memory.disableOOMKiller) writeControl(folder(), 'memory.oom_control', 1)
  if (memory.swappiness !== undefined) writeControl(folder(), 'memory.swappiness', memory.swappiness)
}

// At every moment memory may not exceed memory and swap together, so growing starts with the latter.
function applyLimits(folder: string, memory: MemoryResources): void {
  const { limit = 0, checkBeforeUpdate } = memory
  // Lifting the memory limit alone would stop at the old limit of both.
  const swap = memory.swap || (limit === -1 ? -1 : 0)
  const current = readNumber(folder, limitFile, noLimit)
  if (checkBeforeUpdate && limit > 0) {
    refuseBelowUsage(readNumber(folder, 'memory.usage_in_bytes'), limit)
  }
  const grows = swap === -1 || BigInt(swap) > current
  if (swap && grows) writeSwap(folder, swap, memory.swap === undefined)
  if (limit) writeLimit(folder, limit)
  if (swap && !grows) writeSwap(folder, swap, false)
}

function writeSwap(folder: string, swap: number | bigint, implied: boolean): void {
  try {
    writeControl(folder, swapFile, swap)
  } catch (error) {
    // Swap accounting can be off; what nobody asked for may then be missing.
    if (!(implied && isErrno(error, 'ENOENT'))) throw error
  }
}

function writeLimit(folder: string, limit: number | bigint): void {
  try {
    writeControl(folder, limitFile, limit)
  } catch (error) {
    if (!isErrno(error, 'EBUSY')) throw error
    const usage = readNumber(folder, 'memory.usage_in_bytes')
    const peak = readNumber(folder, 'memory.max_usage_in_bytes')
    const message = `unable to set memory limit to ${limit} (current usage: ${usage}, peak usage: ${peak})`
    throw Object.assign(new Error(message, { cause: error }), { code: 'EBUSY', errno: 16 })
  }
}
