// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs'
import { isErrno } from '../../errno.ts'
import { readControl, readNumber, writeControl } from '../files.ts'
import { refuseBelowUsage } from '../memory-usage.ts'
import type { BlockIoResources, CpuResources, LinuxResources, MemoryResources, ThrottleDevice } from '../resources.ts'
import { attachDeviceProgram } from './attach-devices.ts'

/** Writes all limits that are given into the files of a v2 cgroup. @internal */
export function applyV2Resources(folder: string, resources: LinuxResources): void {
  refuseV1Only(resources)
  if (resources.devices) attachDeviceProgram(folder, resources.devices)
  if (resources.memory) applyMemory(folder, resources.memory)
  if (resources.cpu) applyCpu(folder, resources.cpu)
  const pids = resources.pids?.limit
  if (pids) writeControl(folder, 'pids.max', pids > 0 ? pids : 'max')
  if (resources.blockIO) applyIo(folder, resources.blockIO)
  for (const { pageSize, limit } of resources.hugepageLimits ?? []) {
    writeControl(folder, `hugetlb.${pageSize}.max`, limit)
  }
  for (const [device, { hcaHandles, hcaObjects }] of Object.entries(resources.rdma ?? {})) {
    writeControl(folder, 'rdma.max', `${device} hca_handle=${hcaHandles ?? 'max'} hca_object=${hcaObjects ?? 'max'}`)
  }
  for (const [file, value] of Object.entries(resources.unified ?? {})) applyUnified(folder, file, value)
}

/** Limits that v2 has under no name; swappiness and who kills are left to it in silence, as the originals leave them. */
function refuseV1Only({ memory, blockIO, network }: LinuxResources): void {
  if (memory?.kernelTCP) throw invalid('cgroup v2 has no limit of TCP memory (linux.resources.memory.kernelTCP)')
  if (blockIO?.leafWeight || blockIO?.weightDevice?.some(({ leafWeight }) => leafWeight)) {
    throw invalid('cgroup v2 has no leaf weights (linux.resources.blockIO.leafWeight)')
  }
  if (network?.classID || network?.priorities?.length) {
    throw invalid('cgroup v2 has no classes and priorities of networks (linux.resources.network)')
  }
}

function invalid(message: string): Error {
  return Object.assign(new Error(message), { code: 'EINVAL', errno: 22 })
}

function applyUnified(folder: string, file: string, value: string): void {
  if (!/^[a-z0-9_]+(\.[A-Za-z0-9_-]+)+$/.test(file)) throw invalid(`unified resource "${file}" is not a cgroup file`)
  // A file with one line a device or key takes one line a write.
  for (const line of value.split('\n')) writeControl(folder, file, line)
}

function applyMemory(folder: string, memory: MemoryResources): void {
  if (memory.checkBeforeUpdate && memory.limit && memory.limit > 0) {
    refuseBelowUsage(readNumber(folder, 'memory.current'), memory.limit)
  }
  const swap = swapOnly(memory)
  if (swap !== undefined) writeSwap(folder, swap)
  if (memory.limit) writeControl(folder, 'memory.max', numberOrMax(memory.limit))
  if (memory.reservation) writeControl(folder, 'memory.low', numberOrMax(memory.reservation))
}

function writeSwap(folder: string, swap: string): void {
  try {
    writeControl(folder, 'memory.swap.max', swap)
  } catch (error) {
    // Without swap accounting there is no swap to keep the cgroup from.
    if (!(isErrno(error, 'ENOENT') && (swap === '0' || swap === 'max'))) throw error
  }
}

/** v1 counts memory and swap together, v2 swap alone. Undefined leaves it. @internal */
export function swapOnly({ limit = 0, swap = 0 }: MemoryResources): string | undefined {
  if (limit === -1 && swap === 0) return 'max'
  if (swap === 0) return undefined
  if (swap === -1) return 'max'
  if (limit === 0 || limit === -1) throw invalid('unable to set swap limit without memory limit')
  if (swap < limit) throw invalid('memory+swap limit should be >= memory limit')
  return String(BigInt(swap) - BigInt(limit))
}

function numberOrMax(value: number | bigint): number | bigint | 'max' {
  return value === -1 ? 'max' : value
}

function applyCpu(folder: string, cpu: CpuResources): void {
  if (cpu.realtimeRuntime || cpu.realtimePeriod) throw invalid('cgroup v2 has no real-time limits')
  if (cpu.cpus) writeControl(folder, 'cpuset.cpus', cpu.cpus)
  if (cpu.mems) writeControl(folder, 'cpuset.mems', cpu.mems)
  if (cpu.idle !== undefined) writeControl(folder, 'cpu.idle', cpu.idle)
  // An idle cgroup has no weight of its own.
  if (cpu.shares && cpu.idle !== 1) writeControl(folder, 'cpu.weight', cpuWeight(cpu.shares))
  applyBandwidth(folder, cpu)
}

function applyBandwidth(folder: string, { quota, period, burst }: CpuResources): void {
  const writeBurst = () => burst !== undefined && writeControl(folder, 'cpu.max.burst', burst)
  let burstDone = false
  try {
    writeBurst()
    burstDone = true
  } catch (error) {
    // Above the present quota, below the coming one.
    if (!isErrno(error, 'EINVAL')) throw error
  }
  if (quota || period) {
    const [currentQuota = 'max', currentPeriod = '100000'] = (readControl(folder, 'cpu.max') ?? '').trim().split(' ')
    const wanted = quota ? (quota > 0 ? String(quota) : 'max') : currentQuota
    writeControl(folder, 'cpu.max', `${wanted || 'max'} ${period || currentPeriod}`)
  }
  if (!burstDone) writeBurst()
}

/**
 * The v2 weight (1 to 10000) of v1 shares (2 to 262144), on a curve through (2, 1), (1024, 100) and (262144, 10000), so
 * that the default of one is the default of the other.
 *
 * @internal
 */
export function cpuWeight(shares: number): number {
  if (shares <= 2) return 1
  if (shares >= 262144) return 10000
  const log = Math.log2(shares)
  return Math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34))
}

/** The v2 io weight (1 to 10000) of a v1 weight (10 to 1000), linear. @internal */
export function ioWeight(weight: number): number {
  return 1 + Math.trunc(((weight - 10) * 9999) / 990)
}

function applyIo(folder: string, io: BlockIoResources): void {
  if (io.weight) {
    if (existsSync(`${folder}/io.bfq.weight`)) writeControl(folder, 'io.bfq.weight', io.weight)
    else writeControl(folder, 'io.weight', `default ${ioWeight(io.weight)}`)
  }
  for (const { major, minor, weight } of io.weightDevice ?? []) {
    if (weight) writeControl(folder, 'io.bfq.weight', `${major}:${minor} ${weight}`)
  }
  throttle(folder, 'rbps', io.throttleReadBpsDevice)
  throttle(folder, 'wbps', io.throttleWriteBpsDevice)
  throttle(folder, 'riops', io.throttleReadIOPSDevice)
  throttle(folder, 'wiops', io.throttleWriteIOPSDevice)
}

function throttle(folder: string, what: string, devices: readonly ThrottleDevice[] = []): void {
  for (const { major, minor, rate } of devices) {
    writeControl(folder, 'io.max', `${major}:${minor} ${what}=${rate > 0 ? rate : 'max'}`)
  }
}
