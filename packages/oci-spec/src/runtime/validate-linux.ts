// SPDX-License-Identifier: Apache-2.0
import {
  dictionary,
  flag,
  int64,
  integer,
  kernelText,
  list,
  nonEmptyText,
  object,
  oneOf,
  uint32,
  wideUint64,
} from '../shape/shape.ts'
import {
  type Linux,
  type LinuxDevice,
  type LinuxIdMapping,
  type LinuxIntelRdt,
  type LinuxMemoryPolicy,
  type LinuxNamespace,
  type LinuxNetDevice,
  type LinuxPersonality,
  type LinuxTimeOffset,
  linuxDeviceTypes,
  linuxNamespaceTypes,
} from './linux.ts'
import {
  type LinuxSeccomp,
  type LinuxSeccompArg,
  type LinuxSyscall,
  seccompActions,
  seccompArchitectures,
  seccompFlags,
  seccompOperators,
} from './seccomp.ts'
import { resources } from './validate-resources.ts'

/** The shape of an id mapping. @internal */
export const idMapping = object<LinuxIdMapping>(['containerID', 'hostID', 'size'], {
  containerID: uint32,
  hostID: uint32,
  size: uint32,
})

const syscall = object<LinuxSyscall>(['names', 'action'], {
  names: list(nonEmptyText, 1),
  action: oneOf(seccompActions),
  errnoRet: uint32,
  args: list(
    object<LinuxSeccompArg>(['index', 'value', 'op'], {
      index: integer(0, 5),
      value: wideUint64,
      valueTwo: wideUint64,
      op: oneOf(seccompOperators),
    }),
  ),
})

const seccomp = object<LinuxSeccomp>(['defaultAction'], {
  defaultAction: oneOf(seccompActions),
  defaultErrnoRet: uint32,
  architectures: list(oneOf(seccompArchitectures)),
  flags: list(oneOf(seccompFlags)),
  listenerPath: kernelText,
  listenerMetadata: kernelText,
  syscalls: list(syscall),
})

const device = object<LinuxDevice>(['type', 'path'], {
  type: oneOf(linuxDeviceTypes),
  path: nonEmptyText,
  major: int64,
  minor: int64,
  fileMode: uint32,
  uid: uint32,
  gid: uint32,
})

const intelRdt = object<LinuxIntelRdt>([], {
  closID: kernelText,
  schemata: list(kernelText),
  l3CacheSchema: kernelText,
  memBwSchema: kernelText,
  enableMonitoring: flag,
})

const memoryPolicy = object<LinuxMemoryPolicy>(['mode'], {
  mode: nonEmptyText,
  nodes: kernelText,
  flags: list(kernelText),
})

const personality = object<LinuxPersonality>(['domain'], {
  domain: oneOf(['LINUX', 'LINUX32'] as const),
  flags: list(kernelText),
})

/** The shape of the Linux section. @internal */
export const linux = object<Linux>([], {
  uidMappings: list(idMapping),
  gidMappings: list(idMapping),
  sysctl: dictionary(kernelText),
  resources,
  cgroupsPath: kernelText,
  namespaces: list(object<LinuxNamespace>(['type'], { type: oneOf(linuxNamespaceTypes), path: kernelText })),
  devices: list(device),
  netDevices: dictionary(object<LinuxNetDevice>([], { name: kernelText })),
  seccomp,
  rootfsPropagation: kernelText,
  maskedPaths: list(nonEmptyText),
  readonlyPaths: list(nonEmptyText),
  mountLabel: kernelText,
  intelRdt,
  memoryPolicy,
  personality,
  timeOffsets: dictionary(object<LinuxTimeOffset>([], { secs: int64, nanosecs: uint32 })),
})
