// SPDX-License-Identifier: Apache-2.0

/** Limits of the container's cgroup. An absent value is left as the kernel has it. @public */
export interface LinuxResources {
  /** Applied in order; the last rule that matches wins. */
  devices?: LinuxDeviceCgroup[]
  memory?: LinuxMemory
  cpu?: LinuxCpu
  pids?: LinuxPids
  blockIO?: LinuxBlockIo
  hugepageLimits?: LinuxHugepageLimit[]
  network?: LinuxNetwork
  /** By device name. */
  rdma?: Record<string, LinuxRdma>
  /** cgroup v2 file to value, written last and unchanged. An error on v1. */
  unified?: Record<string, string>
}

/** A rule of the device controller. An absent number or type stands for all. @public */
export interface LinuxDeviceCgroup {
  allow: boolean
  /** `a` all, `c` character, `b` block. */
  type?: 'a' | 'c' | 'b'
  major?: number
  minor?: number
  /** Any of the letters r, w and m. */
  access?: string
}

/** Memory limits in bytes; -1 means no limit. Signed 64-bit: beyond 2^53-1 a bigint is exact, a number rounded. @public */
export interface LinuxMemory {
  limit?: number | bigint
  /** Soft limit. */
  reservation?: number | bigint
  /** Memory and swap together. */
  swap?: number | bigint
  kernel?: number | bigint
  kernelTCP?: number | bigint
  /** 0 to 100; v1 only. */
  swappiness?: number
  disableOOMKiller?: boolean
  useHierarchy?: boolean
  /** Refuse a new limit that is below what is in use. */
  checkBeforeUpdate?: boolean
}

/** CPU limits. @public */
export interface LinuxCpu {
  /** Relative weight, 2 to 262144. */
  shares?: number
  /** Microseconds of CPU in each period; negative means no limit. */
  quota?: number
  /** Microseconds by which `quota` may be overdrawn. */
  burst?: number
  /** Microseconds. */
  period?: number
  realtimeRuntime?: number
  realtimePeriod?: number
  /** CPU list such as `0-2,7`. */
  cpus?: string
  /** Memory node list. */
  mems?: string
  /** 1 for SCHED_IDLE, 0 for the default. */
  idle?: number
}

/** A limit on the number of tasks. @public */
export interface LinuxPids {
  /** 0 and below mean no limit. */
  limit?: number
}

/** Block I/O limits. @public */
export interface LinuxBlockIo {
  /** 10 to 1000. */
  weight?: number
  leafWeight?: number
  weightDevice?: LinuxWeightDevice[]
  throttleReadBpsDevice?: LinuxThrottleDevice[]
  throttleWriteBpsDevice?: LinuxThrottleDevice[]
  throttleReadIOPSDevice?: LinuxThrottleDevice[]
  throttleWriteIOPSDevice?: LinuxThrottleDevice[]
}

/** A weight for one block device. @public */
export interface LinuxWeightDevice {
  major: number
  minor: number
  weight?: number
  leafWeight?: number
}

/** A rate for one block device, in bytes or operations a second. @public */
export interface LinuxThrottleDevice {
  major: number
  minor: number
  /** Unsigned 64-bit. */
  rate: number | bigint
}

/** A limit on huge pages of one size. @public */
export interface LinuxHugepageLimit {
  /** For example `2MB`. */
  pageSize: string
  /** Bytes, unsigned 64-bit. */
  limit: number | bigint
}

/** Network classes and priorities; v1 only. @public */
export interface LinuxNetwork {
  classID?: number
  priorities?: LinuxInterfacePriority[]
}

/** The priority of traffic on one interface. @public */
export interface LinuxInterfacePriority {
  name: string
  priority: number
}

/** Limits on the use of one RDMA device. @public */
export interface LinuxRdma {
  hcaHandles?: number
  hcaObjects?: number
}
