// SPDX-License-Identifier: Apache-2.0
import type { LinuxSeccompAction, LinuxSeccompArchitecture, LinuxSeccompArg } from '@teu/oci-spec/runtime'

/** When a rule of a profile applies. Every list that is present must hold; within a list one element is enough. */
export interface ProfileCondition {
  /** Capabilities in the container's bounding set. */
  caps?: readonly string[]
  /** Go's architecture names: `amd64`, `x86`, `x32`, `arm64`, `arm`. */
  arches?: readonly string[]
  /** The oldest kernel, as `major.minor`. */
  minKernel?: string
}

/** One rule of a profile: what happens to some system calls, and in which containers. */
export interface ProfileRule {
  names: readonly string[]
  action: LinuxSeccompAction
  errnoRet?: number
  args?: readonly LinuxSeccompArg[]
  includes?: ProfileCondition
  excludes?: ProfileCondition
}

/**
 * A seccomp profile in Docker's own format: OCI's rules plus conditions on capabilities, architecture and kernel. It
 * becomes an OCI filter for one container in `expandProfile`.
 */
export interface SeccompProfile {
  defaultAction: LinuxSeccompAction
  defaultErrnoRet?: number
  /** The architectures to filter, by the machine's own one. */
  archMap?: readonly {
    architecture: LinuxSeccompArchitecture
    subArchitectures?: readonly LinuxSeccompArchitecture[] | null
  }[]
  /** The architectures to filter, whatever the machine. */
  architectures?: readonly LinuxSeccompArchitecture[]
  flags?: readonly string[]
  listenerPath?: string
  listenerMetadata?: string
  syscalls: readonly ProfileRule[]
}
