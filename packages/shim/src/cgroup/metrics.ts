// SPDX-License-Identifier: Apache-2.0
import type { BlkioEntry, CgroupManager, CgroupStats, MemoryCounter } from '@teu/linux'
import { type Any, MetricsV1, MetricsV2, metricsV1, metricsV2, packAny } from '@teu/shim-api'

/** What a cgroup has used, as the message that fits the host's version of cgroups. @internal */
export function metricsOf(cgroup: CgroupManager): Any {
  const stats = cgroup.stats()
  if (cgroup.version === 1) return packAny(metricsV1, metricsV1Of(stats, cgroup.oomKillCount()))
  return packAny(metricsV2, metricsV2Of(stats))
}

/** Statistics in the form of cgroup v1: nanoseconds and bytes. @internal */
export function metricsV1Of(stats: CgroupStats, oomKills: bigint): MetricsV1 {
  const { cpu, memory, pids, blkio, hugetlb } = stats
  return MetricsV1.fromPartial({
    pids,
    cpu: {
      usage: { total: cpu.usageNs, user: cpu.userNs, kernel: cpu.kernelNs, perCpu: cpu.perCpuNs },
      throttling: {
        periods: cpu.throttling.periods,
        throttledPeriods: cpu.throttling.throttledPeriods,
        throttledTime: cpu.throttling.throttledNs,
      },
    },
    memory: {
      ...memoryFields(memory.stat, memoryV1Names),
      usage: counter(memory),
      swap: counter(memory.swap),
      kernel: counter(memory.kernel),
      kernelTcp: counter(memory.kernelTcp),
    },
    blkio: {
      ioServiceBytesRecursive: blkio.ioServiceBytes.map(blkioEntry),
      ioServicedRecursive: blkio.ioServiced.map(blkioEntry),
    },
    hugetlb: Object.entries(hugetlb).map(([pagesize, { usage, max, failcnt }]) => ({ pagesize, usage, max, failcnt })),
    memoryOomControl: { oomKill: oomKills },
  })
}

/** What a limit is called that there is not. */
const noLimit = 2n ** 64n - 1n

/** Statistics in the form of cgroup v2: microseconds and bytes. @internal */
export function metricsV2Of(stats: CgroupStats): MetricsV2 {
  const { cpu, memory, pids, blkio, hugetlb } = stats
  const { events = {}, swapOnly } = memory
  return MetricsV2.fromPartial({
    pids: { current: pids.current, limit: pids.limit || noLimit },
    cpu: {
      usageUsec: cpu.usageNs / 1000n,
      userUsec: cpu.userNs / 1000n,
      systemUsec: cpu.kernelNs / 1000n,
      nrPeriods: cpu.throttling.periods,
      nrThrottled: cpu.throttling.throttledPeriods,
      throttledUsec: cpu.throttling.throttledNs / 1000n,
    },
    memory: {
      ...memoryFields(memory.stat, memoryV2Names),
      usage: memory.usage,
      usageLimit: memory.limit,
      maxUsage: memory.max,
      swapUsage: swapOnly?.usage ?? 0n,
      swapLimit: swapOnly?.limit ?? 0n,
      swapMaxUsage: swapOnly?.max ?? 0n,
    },
    io: { usage: ioEntries(blkio.ioServiceBytes, blkio.ioServiced) },
    hugetlb: Object.entries(hugetlb).map(([pagesize, { usage, limit }]) => ({
      pagesize,
      current: usage,
      max: limit ?? noLimit,
    })),
    memoryEvents: {
      low: events.low ?? 0n,
      high: events.high ?? 0n,
      max: events.max ?? 0n,
      oom: events.oom ?? 0n,
      oomKill: events.oom_kill ?? 0n,
    },
  })
}

const memoryV1Names =
  'cache rss rss_huge mapped_file dirty writeback pgpgin pgpgout pgfault pgmajfault inactive_anon active_anon inactive_file active_file unevictable hierarchical_memory_limit hierarchical_memsw_limit total_cache total_rss total_rss_huge total_mapped_file total_dirty total_writeback total_pgpgin total_pgpgout total_pgfault total_pgmajfault total_inactive_anon total_active_anon total_inactive_file total_active_file total_unevictable'.split(
    ' ',
  )
const memoryV2Names =
  'anon file kernel_stack slab sock shmem file_mapped file_dirty file_writeback anon_thp inactive_anon active_anon inactive_file active_file unevictable slab_reclaimable slab_unreclaimable pgfault pgmajfault workingset_refault workingset_activate workingset_nodereclaim pgrefill pgscan pgsteal pgactivate pgdeactivate pglazyfree pglazyfreed thp_fault_alloc thp_collapse_alloc'.split(
    ' ',
  )

/** The lines of memory.stat that the message spells in another way than camel case makes of them. */
const spelledOtherwise: Readonly<Record<string, string>> = {
  pgpgin: 'pgPgIn',
  pgpgout: 'pgPgOut',
  hierarchical_memsw_limit: 'hierarchicalSwapLimit',
  total_pgpgin: 'totalPgPgIn',
  total_pgpgout: 'totalPgPgOut',
  total_pgfault: 'totalPgFault',
  total_pgmajfault: 'totalPgMajFault',
}
const v1Faults: Readonly<Record<string, string>> = { pgfault: 'pgFault', pgmajfault: 'pgMajFault' }

function memoryFields(stat: Readonly<Record<string, bigint>>, names: readonly string[]): Record<string, bigint> {
  const fields: Record<string, bigint> = {}
  for (const name of names) {
    const value = stat[name]
    if (value === undefined) continue
    const v1 = names === memoryV1Names ? v1Faults[name] : undefined
    fields[v1 ?? spelledOtherwise[name] ?? camelCase(name)] = value
  }
  return fields
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function counter({ usage, max, limit, failcnt }: MemoryCounter) {
  return { usage, max, limit, failcnt }
}

function blkioEntry({ major, minor, op, value }: BlkioEntry) {
  return { major: BigInt(major), minor: BigInt(minor), op, value, device: '' }
}

interface IoEntry {
  major: bigint
  minor: bigint
  rbytes?: bigint
  wbytes?: bigint
  rios?: bigint
  wios?: bigint
}

function ioEntries(bytes: readonly BlkioEntry[], operations: readonly BlkioEntry[]): IoEntry[] {
  const entries = new Map<string, IoEntry>()
  const add = (list: readonly BlkioEntry[], read: 'rbytes' | 'rios', write: 'wbytes' | 'wios') => {
    for (const { major, minor, op, value } of list) {
      const field = /^read$/i.test(op) ? read : /^write$/i.test(op) ? write : undefined
      if (field === undefined) continue
      const key = `${major}:${minor}`
      const entry = entries.get(key) ?? { major: BigInt(major), minor: BigInt(minor) }
      entry[field] = value
      entries.set(key, entry)
    }
  }
  add(bytes, 'rbytes', 'wbytes')
  add(operations, 'rios', 'wios')
  return [...entries.values()]
}
