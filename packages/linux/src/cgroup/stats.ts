// SPDX-License-Identifier: Apache-2.0

/** What a cgroup has used. Counts are bigint; times are nanoseconds, sizes bytes. @public */
export interface CgroupStats {
  cpu: CpuStats
  /** Absent on cgroup v2, which counts none of it. */
  cpuset?: CpusetStats
  memory: MemoryStats
  pids: { current: bigint /** 0: no limit. */; limit: bigint }
  blkio: BlkioStats
  /** By page size, such as `2MB`; `max` is the most that was used, and only cgroup v2 tells of the limit. */
  hugetlb: Record<string, { usage: bigint; max: bigint; failcnt: bigint; limit?: bigint }>
}

/** @public */
export interface CpuStats {
  usageNs: bigint
  userNs: bigint
  kernelNs: bigint
  /** Empty on cgroup v2, as are the two that divide it. */
  perCpuNs: bigint[]
  perCpuUserNs: bigint[]
  perCpuKernelNs: bigint[]
  throttling: { periods: bigint; throttledPeriods: bigint; throttledNs: bigint }
}

/** Which processors and memory nodes a v1 cgroup may use, and how; the switches are 0 or 1. @public */
export interface CpusetStats {
  cpus: number[]
  mems: number[]
  cpuExclusive: bigint
  memHardwall: bigint
  memExclusive: bigint
  memoryMigrate: bigint
  memorySpreadPage: bigint
  memorySpreadSlab: bigint
  memoryPressure: bigint
  schedLoadBalance: bigint
  /** -1 is the system's default. */
  schedRelaxDomainLevel: bigint
}

/** One counter with its limit; `limit` is 2^64-1 or the page-rounded maximum when there is none. @public */
export interface MemoryCounter {
  usage: bigint
  max: bigint
  limit: bigint
  failcnt: bigint
}

/** @public */
export interface MemoryStats extends MemoryCounter {
  /** Memory and swap together, as cgroup v1 counts. */
  swap: MemoryCounter
  kernel: MemoryCounter
  kernelTcp: MemoryCounter
  /** All lines of `memory.stat`. */
  stat: Record<string, bigint>
  /** Swap by itself, as cgroup v2 counts it; absent on v1. */
  swapOnly?: Omit<MemoryCounter, 'failcnt'>
  /** All lines of `memory.events`, of cgroup v2 alone: how often which limit was met. */
  events?: Record<string, bigint>
}

/** One line of a block device counter; `op` such as `Read`, `Write`, `Total`. @public */
export interface BlkioEntry {
  major: number
  minor: number
  op: string
  value: bigint
}

/** @public */
export interface BlkioStats {
  ioServiceBytes: BlkioEntry[]
  ioServiced: BlkioEntry[]
}
