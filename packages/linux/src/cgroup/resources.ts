// SPDX-License-Identifier: Apache-2.0

/** `linux.resources` of the OCI runtime specification, as far as cgroups carry it out. What is absent is left as it is. @public */
export interface LinuxResources {
  devices?: readonly DeviceRule[]
  memory?: MemoryResources
  cpu?: CpuResources
  pids?: { limit?: number }
  blockIO?: BlockIoResources
  hugepageLimits?: readonly { pageSize: string; limit: number | bigint }[]
  network?: { classID?: number; priorities?: readonly { name: string; priority: number }[] }
  rdma?: Readonly<Record<string, { hcaHandles?: number; hcaObjects?: number }>>
  /** Raw values for cgroup v2 files; refused on v1. */
  unified?: Readonly<Record<string, string>>
}

/** One rule of the device list; the last that matches an access decides, and without one it is denied. @public */
export interface DeviceRule {
  allow: boolean
  /** `a` (all) when absent. */
  type?: string
  /** Any when absent or -1. */
  major?: number
  minor?: number
  /** Letters of `rwm`; all three when absent or empty. */
  access?: string
}

/** Bytes; -1 is no limit. Above 2^53-1 a bigint is exact. @public */
export interface MemoryResources {
  limit?: number | bigint
  reservation?: number | bigint
  /** Memory and swap together. */
  swap?: number | bigint
  kernel?: number | bigint
  kernelTCP?: number | bigint
  swappiness?: number
  disableOOMKiller?: boolean
  useHierarchy?: boolean
  checkBeforeUpdate?: boolean
}

/** Times in microseconds. @public */
export interface CpuResources {
  shares?: number
  quota?: number
  burst?: number
  period?: number
  realtimeRuntime?: number
  realtimePeriod?: number
  cpus?: string
  mems?: string
  idle?: number
}

/** A limit of one block device. @public */
export interface ThrottleDevice {
  major: number
  minor: number
  rate: number | bigint
}

/** Block device weights (10 to 1000) and limits. @public */
export interface BlockIoResources {
  weight?: number
  leafWeight?: number
  weightDevice?: readonly { major: number; minor: number; weight?: number; leafWeight?: number }[]
  throttleReadBpsDevice?: readonly ThrottleDevice[]
  throttleWriteBpsDevice?: readonly ThrottleDevice[]
  throttleReadIOPSDevice?: readonly ThrottleDevice[]
  throttleWriteIOPSDevice?: readonly ThrottleDevice[]
}
