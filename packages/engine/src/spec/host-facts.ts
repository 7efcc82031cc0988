// SPDX-License-Identifier: Apache-2.0

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
  /** `major.minor` of the kernel, for rules of the seccomp profile that ask for a minimum. */
  kernel: { major: number; minor: number }
  /** Whether the kernel filters system calls. */
  seccomp: boolean
}
