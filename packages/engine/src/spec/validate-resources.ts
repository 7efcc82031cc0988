// SPDX-License-Identifier: Apache-2.0

import type { Resources } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import type { HostFacts } from './host-facts.ts'
import { parseNumberList } from './number-list.ts'
import { supportedLimits } from './supported-limits.ts'

/** Less memory than this does not suffice to start a container. */
const minimumMemory = 6 * 1024 * 1024

function refuse(condition: boolean, text: string): void {
  if (condition) throw new StackError('invalid-argument', text)
}

function checkMemory(resources: Resources): void {
  const { Memory = 0, MemorySwap = 0, MemoryReservation = 0, MemorySwappiness = null } = resources
  refuse(Memory !== 0 && Memory < minimumMemory, 'Minimum memory limit allowed is 6MB')
  refuse(
    Memory > 0 && MemorySwap > 0 && MemorySwap < Memory,
    'Minimum memoryswap limit should be larger than memory limit, see usage',
  )
  refuse(
    Memory === 0 && MemorySwap > 0,
    'You should always set the Memory limit when using Memoryswap limit, see usage',
  )
  refuse(
    MemorySwappiness !== null && MemorySwappiness !== -1 && (MemorySwappiness < 0 || MemorySwappiness > 100),
    `Invalid value: ${MemorySwappiness}, valid memory swappiness range is 0-100`,
  )
  refuse(MemoryReservation > 0 && MemoryReservation < minimumMemory, 'Minimum memory reservation allowed is 6MB')
  refuse(
    Memory > 0 && MemoryReservation > 0 && Memory < MemoryReservation,
    'Minimum memory limit can not be less than memory reservation limit, see usage',
  )
}

const windowsLimits = ['CpuCount', 'CpuPercent', 'IOMaximumIOps', 'IOMaximumBandwidth'] as const

function checkWindowsLimits(resources: Resources): void {
  for (const name of windowsLimits) refuse((resources[name] ?? 0) !== 0, `${name} is a limit of Windows containers`)
}

function checkCpu(resources: Resources, cpus: number): void {
  const { NanoCpus = 0, CpuPeriod = 0, CpuQuota = 0, CpuShares = 0 } = resources
  refuse(NanoCpus > 0 && CpuPeriod > 0, 'Conflicting options: Nano CPUs and CPU Period cannot both be set')
  refuse(NanoCpus > 0 && CpuQuota > 0, 'Conflicting options: Nano CPUs and CPU Quota cannot both be set')
  refuse(
    NanoCpus < 0 || NanoCpus > cpus * 1e9,
    `range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`,
  )
  refuse(CpuShares < 0, `invalid CPU shares (${CpuShares}): value must be a positive integer`)
  refuse(
    CpuPeriod !== 0 && (CpuPeriod < 1000 || CpuPeriod > 1_000_000),
    'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)',
  )
  refuse(CpuQuota > 0 && CpuQuota < 1000, 'CPU cfs quota can not be less than 1ms (i.e. 1000)')
}

function checkList(requested: string, available: string, kind: 'cpus' | 'mems'): void {
  if (requested === '') return
  const numbers = parseNumberList(requested)
  refuse(numbers === undefined, `Invalid value ${requested} for cpuset ${kind}`)
  const present = parseNumberList(available)
  const what = kind === 'cpus' ? 'CPUs' : 'memory nodes'
  refuse(
    [...(numbers ?? [])].some((number) => !present?.has(number)),
    `Requested ${what} are not available - requested ${requested}, available: ${available}`,
  )
}

/**
 * Checks limits as dockerd does, with its texts; `invalid-argument` for those that cannot be.
 *
 * @returns warnings about limits that this kernel cannot hold, which are left out
 */
export function validateResources(requested: Resources, host: HostFacts): string[] {
  checkMemory(requested)
  checkCpu(requested, host.cpus)
  checkWindowsLimits(requested)
  const { resources, warnings } = supportedLimits(requested, host.limits)
  checkList(resources.CpusetCpus ?? '', host.cpuset.cpus, 'cpus')
  checkList(resources.CpusetMems ?? '', host.cpuset.mems, 'mems')
  const { BlkioWeight = 0, OomKillDisable, Memory = 0 } = resources
  refuse(BlkioWeight !== 0 && (BlkioWeight < 10 || BlkioWeight > 1000), 'Range of blkio weight is from 10 to 1000')
  if (OomKillDisable && Memory === 0) {
    const text = 'OOM killer is disabled for the container, but no memory limit is set, this can result in the system'
    warnings.push(`${text} running out of resources.`)
  }
  return warnings
}
