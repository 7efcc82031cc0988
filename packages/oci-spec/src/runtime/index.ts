// SPDX-License-Identifier: Apache-2.0
/**
 * The OCI runtime specification: `config.json`, `state` and `features` as types, and a validator for the first.
 * It defines the seam between a shim and a runtime.
 *
 * @example
 * ```ts
 * import { parseExactJson, type Spec, validateSpec } from '@teu/oci-spec/runtime'
 *
 * const spec: Spec = validateSpec(parseExactJson('{"ociVersion":"1.2.0","root":{"path":"rootfs"}}'))
 * console.log(spec.root?.path) // rootfs
 * ```
 *
 * @packageDocumentation
 */
export { formatExactJson, parseExactJson } from './exact-json.ts'
export type {
  CgroupFeatures,
  EnabledFeature,
  Features,
  IntelRdtFeatures,
  LinuxFeatures,
  MemoryPolicyFeatures,
  SeccompFeatures,
} from './features.ts'
export { type Hook, type HookKind, type Hooks, hookKinds } from './hooks.ts'
export {
  type Linux,
  type LinuxDevice,
  type LinuxDeviceType,
  type LinuxIdMapping,
  type LinuxIntelRdt,
  type LinuxMemoryPolicy,
  type LinuxNamespace,
  type LinuxNamespaceType,
  type LinuxNetDevice,
  type LinuxPersonality,
  type LinuxTimeOffset,
  linuxDeviceTypes,
  linuxNamespaceTypes,
} from './linux.ts'
export {
  type Box,
  type CpuAffinity,
  type IoPriorityClass,
  ioPriorityClasses,
  type LinuxCapabilities,
  type LinuxIoPriority,
  type PosixRlimit,
  type Process,
  type Scheduler,
  type SchedulerFlag,
  type SchedulerPolicy,
  schedulerFlags,
  schedulerPolicies,
  type User,
} from './process.ts'
export type {
  LinuxBlockIo,
  LinuxCpu,
  LinuxDeviceCgroup,
  LinuxHugepageLimit,
  LinuxInterfacePriority,
  LinuxMemory,
  LinuxNetwork,
  LinuxPids,
  LinuxRdma,
  LinuxResources,
  LinuxThrottleDevice,
  LinuxWeightDevice,
} from './resources.ts'
export {
  type LinuxSeccomp,
  type LinuxSeccompAction,
  type LinuxSeccompArchitecture,
  type LinuxSeccompArg,
  type LinuxSeccompFlag,
  type LinuxSeccompOperator,
  type LinuxSyscall,
  seccompActions,
  seccompArchitectures,
  seccompFlags,
  seccompOperators,
} from './seccomp.ts'
export { type Mount, type Root, runtimeSpecVersion, type Spec } from './spec.ts'
export {
  type ContainerProcessState,
  type ContainerStatus,
  containerStatuses,
  type ExtendedState,
  type State,
} from './state.ts'
export { validateProcess, validateResources, validateSpec } from './validate.ts'
