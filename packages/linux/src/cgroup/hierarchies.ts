// SPDX-License-Identifier: Apache-2.0

/** How a host mounts its cgroups. In `hybrid` a unified hierarchy without controllers stands beside v1. @public */
export type CgroupMode = 'v1' | 'hybrid' | 'v2' | 'none'

/** One mounted v1 hierarchy. @public */
export interface CgroupHierarchy {
  /** Controllers, or the one name such as `name=systemd`. */
  controllers: readonly string[]
  mountPoint: string
  /** What part of the hierarchy is mounted there: `/` unless in a container without cgroup namespace. */
  root: string
  /** The cgroup of this process in it. */
  own: string
}

/** What {@link detectCgroups} found. @public */
export interface CgroupSetup {
  mode: CgroupMode
  /** v1 hierarchies in the order of mounting. */
  hierarchies: readonly CgroupHierarchy[]
  /** The unified hierarchy, when there is one. */
  unified?: { mountPoint: string; root: string; own: string; controllers: readonly string[] }
}
