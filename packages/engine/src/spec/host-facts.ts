// SPDX-License-Identifier: Apache-2.0

/** A device node of the host. */
export interface HostDevice {
  /** Its path on the host. */
  path: string
  type: 'c' | 'b'
  major: number
  minor: number
  /** Permission bits only. */
  fileMode: number
  uid: number
  gid: number
}

/** What a spec depends on of the machine it is for; given as data so that specs can be built and tested anywhere. */
export interface HostFacts {
  /** `x64` or `arm64`, as `process.arch` says. */
  architecture: string
  /** The capabilities that the daemon may pass on, `CAP_` names: its bounding set. */
  capabilities: readonly string[]
  /** 2 for the unified hierarchy, else 1 (hybrid included). */
  cgroupVersion: 1 | 2
  /** The number of CPUs that `--cpus` may not exceed. */
  cpus: number
  /** The CPUs and memory nodes that exist, as lists such as `0-3,6`. */
  cpuset: { cpus: string; mems: string }
  /** The kernel's version, for rules of a seccomp profile that ask for a minimum. */
  kernel: { major: number; minor: number }
  /** Whether the kernel confines processes by AppArmor profiles. */
  appArmor: boolean
  /** Whether the kernel filters system calls. */
  seccomp: boolean
  /** Whether a read-only bind can be made so for all mounts below it (Linux 5.12). */
  recursiveReadOnly: boolean
  /** Cgroup features that limits need; a limit without its feature is dropped with a warning. */
  limits: LimitFeatures
  /**
   * The device node at `path`, or all below it when it is a directory. Throws an Error that says what is wrong, as
   * `not a device node`.
   */
  devicesAt(path: string): HostDevice[]
}

/** What the kernel's cgroup controllers can do here. */
export interface LimitFeatures {
  memory: boolean
  swap: boolean
  swappiness: boolean
  oomKillDisable: boolean
  pids: boolean
  cpuShares: boolean
  cpuQuota: boolean
  cpuset: boolean
  blkioWeight: boolean
}
