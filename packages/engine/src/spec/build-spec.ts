// SPDX-License-Identifier: Apache-2.0
import type { ContainerConfig, HostConfig } from '@teu/engine-api'
import type { Spec } from '@teu/oci-spec/runtime'
import type { HostFacts } from './host-facts.ts'
import type { ResolvedUser } from './user.ts'

/** Where a namespace comes from: a new one, the host's, or one that exists. */
export type NamespaceSource = { kind: 'new' } | { kind: 'host' } | { kind: 'path'; path: string }

/** The files that the engine keeps for a container and binds over the image's. Absent ones are not bound. */
export interface ContainerFiles {
  hostname?: string | undefined
  hosts?: string | undefined
  resolvConf?: string | undefined
}

/** A volume that was resolved to a directory of the host. */
export interface VolumeMount {
  source: string
  target: string
  readOnly: boolean
}

/** Everything an OCI spec is made from. Building it reads nothing else: equal inputs give equal specs. */
export interface SpecInput {
  /** The container's id, 64 hex digits; the last part of its cgroup's path. */
  id: string
  /** The create request's config over the image's, see `mergeImageConfig`. */
  config: ContainerConfig
  hostConfig: HostConfig
  /** The user as looked up in the root filesystem, see `resolveUser`. */
  user: ResolvedUser
  /** Absolute, or relative to the bundle. `rootfs` by default, which is where a shim mounts a snapshot. */
  rootfsPath?: string | undefined
  network: NamespaceSource
  /** The namespaces of another container's process; by default as `HostConfig` says. */
  ipc?: NamespaceSource | undefined
  pid?: NamespaceSource | undefined
  files?: ContainerFiles | undefined
  volumes?: readonly VolumeMount[] | undefined
  host: HostFacts
  /** Put before the id in the cgroup's path when `HostConfig.CgroupParent` is empty. `/teu` by default. */
  cgroupParent?: string | undefined
}

/** A spec, and what the caller should tell the user about it. */
export type BuildSpec = (input: SpecInput) => Spec
