// SPDX-License-Identifier: Apache-2.0
import type { LinuxResources } from './resources.ts'
import type { LinuxSeccomp } from './seccomp.ts'

/** The Linux part of a {@link Spec}. @public */
export interface Linux {
  /** Maps of the user namespace; only with one that is new. */
  uidMappings?: LinuxIdMapping[]
  gidMappings?: LinuxIdMapping[]
  /** Kernel parameters by dotted name, only those that belong to a namespace of the container's own. */
  sysctl?: Record<string, string>
  resources?: LinuxResources
  /** cgroupfs: absolute below the hierarchy's mount, or relative to a place of the runtime's choice; systemd: `slice:prefix:name`. */
  cgroupsPath?: string
  /** Each type at most once; an absent type is inherited from the runtime. */
  namespaces?: LinuxNamespace[]
  /** Device nodes to make besides the default ones. */
  devices?: LinuxDevice[]
  /** Network devices of the runtime's namespace to move into the container, by name there. */
  netDevices?: Record<string, LinuxNetDevice>
  seccomp?: LinuxSeccomp
  /** `shared`, `slave`, `private` or `unbindable`, or the recursive form of one with `r` in front. */
  rootfsPropagation?: string
  /** Paths in the container that read as empty: a file under /dev/null, a directory under an empty read-only tmpfs. */
  maskedPaths?: string[]
  /** Paths in the container that are remounted read-only. */
  readonlyPaths?: string[]
  /** SELinux context of mounts. */
  mountLabel?: string
  intelRdt?: LinuxIntelRdt
  memoryPolicy?: LinuxMemoryPolicy
  personality?: LinuxPersonality
  /** Offsets of the time namespace, by clock. */
  timeOffsets?: Record<string, LinuxTimeOffset>
}

/** A run of ids: `size` ids from `containerID` inside are those from `hostID` outside. @public */
export interface LinuxIdMapping {
  containerID: number
  hostID: number
  size: number
}

/** Kinds of namespace. @public */
export const linuxNamespaceTypes = ['pid', 'network', 'mount', 'ipc', 'uts', 'user', 'cgroup', 'time'] as const

/** One of {@link linuxNamespaceTypes}. @public */
export type LinuxNamespaceType = (typeof linuxNamespaceTypes)[number]

/** A namespace to make, or with `path` to join. @public */
export interface LinuxNamespace {
  type: LinuxNamespaceType
  /** Absolute, in the runtime's mount namespace. Absent means a new namespace. */
  path?: string
}

/** Types of device node: `c` and `u` character, `b` block, `p` FIFO. @public */
export const linuxDeviceTypes = ['c', 'b', 'u', 'p'] as const

/** One of {@link linuxDeviceTypes}. @public */
export type LinuxDeviceType = (typeof linuxDeviceTypes)[number]

/** A device node to make in the container. @public */
export interface LinuxDevice {
  type: LinuxDeviceType
  /** Absolute in the container. */
  path: string
  /** Required unless `type` is `p`. */
  major?: number
  /** Required unless `type` is `p`. */
  minor?: number
  /** Permission bits, for example 0o666. */
  fileMode?: number
  /** Owner, in the container's ids. */
  uid?: number
  gid?: number
}

/** A network device to move into the container. @public */
export interface LinuxNetDevice {
  /** Its name inside; absent means unchanged. */
  name?: string
}

/** Intel Resource Director Technology, through resctrl. @public */
export interface LinuxIntelRdt {
  closID?: string
  schemata?: string[]
  l3CacheSchema?: string
  memBwSchema?: string
  enableMonitoring?: boolean
}

/** Arguments of set_mempolicy(2). @public */
export interface LinuxMemoryPolicy {
  /** `MPOL_DEFAULT`, `MPOL_BIND`, `MPOL_INTERLEAVE`, ... */
  mode: string
  /** A node list such as `0-1`. */
  nodes?: string
  flags?: string[]
}

/** Execution domain, as for personality(2). @public */
export interface LinuxPersonality {
  domain: 'LINUX' | 'LINUX32'
  flags?: string[]
}

/** What to add to a clock inside the container; the keys of `timeOffsets` are `monotonic` and `boottime`. @public */
export interface LinuxTimeOffset {
  secs?: number
  nanosecs?: number
}
