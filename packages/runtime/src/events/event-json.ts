// SPDX-License-Identifier: Apache-2.0
import type { BlkioEntry, CpuStats, CpusetStats, MemoryCounter, MemoryStats } from '@teu/linux'
import type { ContainerEvent, ContainerStats } from './container-event.ts'

// `JSON.rawJSON` is in Node 22 and newer, and not yet in the types of the language.
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown }

/**
 * One line, as `runc events` prints it: the same keys in the same order, numbers of 64 bits in full, and what is zero
 * left out where the original leaves it out.
 *
 * @internal
 */
export function eventLine(event: ContainerEvent): string {
  const value = event.type === 'oom' ? event : { ...event, data: statsJson(event.data) }
  return `${JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? rawJSON(String(item)) : item))}\n`
}

function statsJson(stats: ContainerStats): object {
  return {
    cpu: cpuJson(stats.cpu),
    cpuset: cpusetJson(stats.cpuset),
    memory: memoryJson(stats.memory),
    pids: { ...unlessZero('current', stats.pids.current), ...unlessZero('limit', stats.pids.limit) },
    blkio: {
      ...blkioJson('ioServiceBytesRecursive', stats.blkio.ioServiceBytes),
      ...blkioJson('ioServicedRecursive', stats.blkio.ioServiced),
    },
    hugetlb: Object.fromEntries(
      Object.entries(stats.hugetlb).map(([size, { usage, max, failcnt }]) => [
        size,
        { ...unlessZero('usage', usage), ...unlessZero('max', max), failcnt },
      ]),
    ),
    intel_rdt: {},
    // No network of a container is the runtime's own.
    network_interfaces: null,
  }
}

function cpuJson(cpu: CpuStats): object {
  const { periods, throttledPeriods, throttledNs } = cpu.throttling
  return {
    usage: {
      ...unlessZero('total', cpu.usageNs),
      ...unlessEmpty('percpu', cpu.perCpuNs),
      ...unlessEmpty('percpu_kernel', cpu.perCpuKernelNs),
      ...unlessEmpty('percpu_user', cpu.perCpuUserNs),
      kernel: cpu.kernelNs,
      user: cpu.userNs,
    },
    throttling: {
      ...unlessZero('periods', periods),
      ...unlessZero('throttledPeriods', throttledPeriods),
      ...unlessZero('throttledTime', throttledNs),
    },
  }
}

function cpusetJson(stats: CpusetStats | undefined): object {
  return {
    ...unlessEmpty('cpus', stats?.cpus ?? []),
    cpu_exclusive: stats?.cpuExclusive ?? 0,
    ...unlessEmpty('mems', stats?.mems ?? []),
    mem_hardwall: stats?.memHardwall ?? 0,
    mem_exclusive: stats?.memExclusive ?? 0,
    memory_migrate: stats?.memoryMigrate ?? 0,
    memory_spread_page: stats?.memorySpreadPage ?? 0,
    memory_spread_slab: stats?.memorySpreadSlab ?? 0,
    memory_pressure: stats?.memoryPressure ?? 0,
    sched_load_balance: stats?.schedLoadBalance ?? 0,
    sched_relax_domain_level: stats?.schedRelaxDomainLevel ?? 0,
  }
}

function memoryJson(memory: MemoryStats): object {
  const raw = Object.entries(memory.stat).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    ...unlessZero('cache', memory.stat.cache ?? memory.stat.file ?? 0n),
    usage: counterJson(memory),
    swap: counterJson(memory.swap),
    kernel: counterJson(memory.kernel),
    kernelTCP: counterJson(memory.kernelTcp),
    ...(raw.length > 0 && { raw: Object.fromEntries(raw) }),
  }
}

function counterJson({ limit, usage, max, failcnt }: MemoryCounter): object {
  return { limit, ...unlessZero('usage', usage), ...unlessZero('max', max), failcnt }
}

function blkioJson(key: string, entries: readonly BlkioEntry[]): object {
  return unlessEmpty(
    key,
    entries.map(({ major, minor, op, value }) => ({
      ...unlessZero('major', major),
      ...unlessZero('minor', minor),
      op,
      ...unlessZero('value', value),
    })),
  )
}

function unlessZero(key: string, value: bigint | number): Record<string, bigint | number> {
  return value === 0n || value === 0 ? {} : { [key]: value }
}

function unlessEmpty<T>(key: string, list: readonly T[]): Record<string, readonly T[]> {
  return list.length === 0 ? {} : { [key]: list }
}
