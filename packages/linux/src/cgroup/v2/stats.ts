// SPDX-License-Identifier: Apache-2.0

import { noLimit, readControl, readKeyed, readNumber } from '../files.ts'
import { hugePageSizes } from '../huge-pages.ts'
import type { BlkioEntry, BlkioStats, CgroupStats, CpuStats, MemoryStats } from '../stats.ts'

const nsPerUs = 1000n

/** Reads all counters of a v2 cgroup; what the host lacks is 0. @internal */
export function readV2Stats(folder: string): CgroupStats {
  const limit = readNumber(folder, 'pids.max')
  return {
    cpu: readCpu(folder),
    memory: readMemory(folder),
    pids: { current: readNumber(folder, 'pids.current'), limit: limit === noLimit ? 0n : limit },
    blkio: parseIoStat(readControl(folder, 'io.stat') ?? ''),
    hugetlb: readHugetlb(folder),
  }
}

function readCpu(folder: string): CpuStats {
  const stat = readKeyed(folder, 'cpu.stat')
  const ns = (key: string) => (stat[key] ?? 0n) * nsPerUs
  return {
    usageNs: ns('usage_usec'),
    userNs: ns('user_usec'),
    kernelNs: ns('system_usec'),
    perCpuNs: [],
    perCpuUserNs: [],
    perCpuKernelNs: [],
    throttling: {
      periods: stat.nr_periods ?? 0n,
      throttledPeriods: stat.nr_throttled ?? 0n,
      throttledNs: ns('throttled_usec'),
    },
  }
}

function readMemory(folder: string): MemoryStats {
  const stat = readKeyed(folder, 'memory.stat')
  const usage = readNumber(folder, 'memory.current')
  const limit = readNumber(folder, 'memory.max')
  const swapUsage = readNumber(folder, 'memory.swap.current')
  const swapLimit = readNumber(folder, 'memory.swap.max')
  const events = readKeyed(folder, 'memory.events')
  const none = { usage: 0n, max: 0n, limit: 0n, failcnt: 0n }
  return {
    usage,
    max: readNumber(folder, 'memory.peak'),
    limit,
    failcnt: events.max ?? 0n,
    swap: {
      usage: usage + swapUsage,
      max: 0n,
      limit: limit === noLimit || swapLimit === noLimit ? noLimit : limit + swapLimit,
      failcnt: readKeyed(folder, 'memory.swap.events').max ?? 0n,
    },
    kernel: { ...none, usage: stat.kernel ?? 0n },
    kernelTcp: { ...none, usage: stat.sock ?? 0n },
    swapOnly: { usage: swapUsage, max: readNumber(folder, 'memory.swap.peak'), limit: swapLimit },
    stat,
    events,
  }
}

const ioKeys: Record<string, { list: keyof BlkioStats; op: string }> = {
  rbytes: { list: 'ioServiceBytes', op: 'Read' },
  wbytes: { list: 'ioServiceBytes', op: 'Write' },
  dbytes: { list: 'ioServiceBytes', op: 'Discard' },
  rios: { list: 'ioServiced', op: 'Read' },
  wios: { list: 'ioServiced', op: 'Write' },
  dios: { list: 'ioServiced', op: 'Discard' },
}

/** Parses `io.stat`: a line a device, `8:0 rbytes=1 wbytes=2 ...`. @internal */
export function parseIoStat(text: string): BlkioStats {
  const stats: BlkioStats = { ioServiceBytes: [], ioServiced: [] }
  for (const line of text.split('\n')) {
    const [device = '', ...fields] = line.split(' ')
    const [major, minor] = device.split(':')
    if (minor === undefined) continue
    for (const field of fields) {
      const [key = '', value = ''] = field.split('=')
      const meaning = Object.hasOwn(ioKeys, key) ? ioKeys[key] : undefined
      if (!meaning || !/^\d+$/.test(value)) continue
      const entry: BlkioEntry = { major: Number(major), minor: Number(minor), op: meaning.op, value: BigInt(value) }
      stats[meaning.list].push(entry)
    }
  }
  return stats
}

function readHugetlb(folder: string): CgroupStats['hugetlb'] {
  const stats: CgroupStats['hugetlb'] = {}
  for (const size of hugePageSizes()) {
    if (readControl(folder, `hugetlb.${size}.current`) === undefined) continue
    stats[size] = {
      usage: readNumber(folder, `hugetlb.${size}.current`),
      max: 0n,
      limit: readNumber(folder, `hugetlb.${size}.max`),
      failcnt: readKeyed(folder, `hugetlb.${size}.events`).max ?? 0n,
    }
  }
  return stats
}
