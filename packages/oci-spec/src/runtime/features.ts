// SPDX-License-Identifier: Apache-2.0
import type { HookKind } from './hooks.ts'
import type { LinuxNamespaceType } from './linux.ts'

/** What `features` prints: what the runtime knows, whether or not this kernel has it. @public */
export interface Features {
  /** Lowest version of the specification that is accepted. */
  ociVersionMin?: string
  /** Highest. */
  ociVersionMax?: string
  hooks?: HookKind[]
  mountOptions?: string[]
  linux?: LinuxFeatures
  annotations?: Record<string, string>
  /** Annotations of a config that can change what the runtime does on the host. */
  potentiallyUnsafeConfigAnnotations?: string[]
}

/** The Linux part of {@link Features}. @public */
export interface LinuxFeatures {
  namespaces?: LinuxNamespaceType[]
  capabilities?: string[]
  cgroup?: CgroupFeatures
  seccomp?: SeccompFeatures
  apparmor?: EnabledFeature
  selinux?: EnabledFeature
  intelRdt?: IntelRdtFeatures
  memoryPolicy?: MemoryPolicyFeatures
  mountExtensions?: { idmap?: EnabledFeature }
  netDevices?: EnabledFeature
}

/** Something that is compiled in or not. @public */
export interface EnabledFeature {
  enabled?: boolean
}

/** Which cgroup hierarchies and managers are known. @public */
export interface CgroupFeatures {
  v1?: boolean
  v2?: boolean
  systemd?: boolean
  systemdUser?: boolean
  rdma?: boolean
}

/** What the seccomp compiler knows. @public */
export interface SeccompFeatures extends EnabledFeature {
  actions?: string[]
  operators?: string[]
  archs?: string[]
  knownFlags?: string[]
  supportedFlags?: string[]
}

/** What is known of Intel RDT. @public */
export interface IntelRdtFeatures extends EnabledFeature {
  schemata?: boolean
  monitoring?: boolean
}

/** What is known of memory policies. @public */
export interface MemoryPolicyFeatures {
  modes?: string[]
  flags?: string[]
}
