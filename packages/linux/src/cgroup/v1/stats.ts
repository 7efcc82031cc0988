// SPDX-License-Identifier: Apache-2.0

import { noLimit, readControl, readKeyed, readNumber } from '../files.ts'
import { hugePageSizes } from '../huge-pages.ts'
import type { BlkioEntry, CgroupStats, CpuStats, MemoryCounter, MemoryStats } from '../stats.ts'
import { readCpusetStats } from './cpuset.ts'

type Paths = Readonly<Record<string, string>>

/** Reads all counters of the v1 controllers; what the host lacks is 0. @internal */
export function readV1Stats(paths: Paths): CgroupStats {
  const limit = readNumber(paths.pids, 'pids.max')
  return {
    cpu: readCpu(paths),
    ...(paths.cpuset !== undefined && { cpuset: readCpusetStats(paths.cpuset) }),
    memory: readMemory(paths.memory),
    pids: { current: readNumber(paths.pids, 'pids.current'), limit: limit === noLimit ? 0n : limit },
    blkio: {
      ioServiceBytes: readBlkio(paths.blkio, 'io_service_bytes'),
      ioServiced: readBlkio(paths.blkio, 'io_serviced'),
    },
    hugetlb: readHugetlb(paths.hugetlb),
  }
}

function readCpu(paths: Paths): CpuStats {
  const throttling = readKeyed(paths.cpu, 'cpu.stat')
  return {
    usageNs: readNumber(paths.cpuacct, 'cpuacct.usage'),
    userNs: readNumber(paths.cpuacct, 'cpuacct.usage_user'),
    kernelNs: readNumber(paths.cpuacct, 'cpuacct.usage_sys'),
    perCpuNs: readEach(paths.cpuacct, 'cpuacct.usage_percpu'),
    perCpuUserNs: readEach(paths.cpuacct, 'cpuacct.usage_percpu_user'),
    perCpuKernelNs: readEach(paths.cpuacct, 'cpuacct.usage_percpu_sys'),
    throttling: {
      periods: throttling.nr_periods ?? 0n,
      throttledPeriods: throttling.nr_throttled ?? 0n,
      throttledNs: throttling.throttled_time ?? 0n,
    },
  }
}

/** A line with a number for each processor. */
function readEach(folder: string | undefined, file: string): bigint[] {
  const text = readControl(folder, file) ?? ''
  return text.split(/\s+/).filter(Boolean).map(BigInt)
}

function readMemory(folder: string | undefined): MemoryStats {
  return {
    ...readCounter(folder, 'memory'),
    swap: readCounter(folder, 'memory.memsw'),
    kernel: readCounter(folder, 'memory.kmem'),
    kernelTcp: readCounter(folder, 'memory.kmem.tcp'),
    stat: readKeyed(folder, 'memory.stat'),
  }
}

function readCounter(folder: string | undefined, prefix: string): MemoryCounter {
  return {
    usage: readNumber(folder, `${prefix}.usage_in_bytes`),
    max: readNumber(folder, `${prefix}.max_usage_in_bytes`),
    limit: readNumber(folder, `${prefix}.limit_in_bytes`),
    failcnt: readNumber(folder, `${prefix}.failcnt`),
  }
}

// The throttling layer sees all requests; the counters of a scheduler exist only for devices that use that scheduler.
function readBlkio(folder: string | undefined, what: string): BlkioEntry[] {
  const text =
    readControl(folder, `blkio.throttle.${what}_recursive`) ?? readControl(folder, `blkio.throttle.${what}`) ?? ''
  const entries: BlkioEntry[] = []
  for (const line of text.split('\n')) {
    const match = /^(\d+):(\d+) (\w+) (\d+)$/.exec(line)
    if (!match) continue
    entries.push({
      major: Number(match[1]),
      minor: Number(match[2]),
      op: match[3] as string,
      value: BigInt(match[4] as string),
    })
  }
  return entries
}

function readHugetlb(folder: string | undefined): CgroupStats['hugetlb'] {
  const stats: CgroupStats['hugetlb'] = {}
  for (const size of folder === undefined ? [] : hugePageSizes()) {
    stats[size] = {
      usage: readNumber(folder, `hugetlb.${size}.usage_in_bytes`),
      max: readNumber(folder, `hugetlb.${size}.max_usage_in_bytes`),
      failcnt: readNumber(folder, `hugetlb.${size}.failcnt`),
    }
  }
  return stats
}
