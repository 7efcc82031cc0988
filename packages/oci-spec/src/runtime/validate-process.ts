// SPDX-License-Identifier: Apache-2.0
import {
  flag,
  int32,
  int64,
  integer,
  kernelText,
  list,
  nonEmptyText,
  object,
  oneOf,
  type Shape,
  uint32,
  uint64,
  violation,
  wideUint64,
} from '../shape/shape.ts'
import {
  type Box,
  type CpuAffinity,
  ioPriorityClasses,
  type LinuxCapabilities,
  type LinuxIoPriority,
  type PosixRlimit,
  type Process,
  type Scheduler,
  schedulerFlags,
  schedulerPolicies,
  type User,
} from './process.ts'

const userFields = object<User>([], {
  uid: uint32,
  gid: uint32,
  umask: uint32,
  additionalGids: list(uint32),
  username: kernelText,
})

/** A number that is left out is 0, as to the originals; one that is null was meant to be another, and must not be root. */
const user: Shape<User> = (value, path) => {
  const { uid, gid } = (value ?? {}) as Partial<Record<keyof User, unknown>>
  if (uid === null) throw violation(`${path}.uid`, 'must be a number, is null')
  if (gid === null) throw violation(`${path}.gid`, 'must be a number, is null')
  return userFields(value, path)
}

const names = list(nonEmptyText)
const capabilities = object<LinuxCapabilities>([], {
  bounding: names,
  effective: names,
  inheritable: names,
  permitted: names,
  ambient: names,
})

const scheduler = object<Scheduler>(['policy'], {
  policy: oneOf(schedulerPolicies),
  nice: int32,
  priority: int32,
  flags: list(oneOf(schedulerFlags)),
  runtime: uint64,
  deadline: uint64,
  period: uint64,
})

const given = object<Process>(['cwd'], {
  terminal: flag,
  consoleSize: object<Box>(['height', 'width'], { height: uint64, width: uint64 }),
  user,
  args: list(kernelText),
  env: list(kernelText),
  cwd: nonEmptyText,
  capabilities,
  rlimits: list(
    object<PosixRlimit>(['type', 'hard', 'soft'], { type: nonEmptyText, hard: wideUint64, soft: wideUint64 }),
  ),
  noNewPrivileges: flag,
  apparmorProfile: kernelText,
  oomScoreAdj: int64,
  selinuxLabel: kernelText,
  scheduler,
  ioPriority: object<LinuxIoPriority>(['class'], { class: oneOf(ioPriorityClasses), priority: integer(0, 7) }),
  execCPUAffinity: object<CpuAffinity>([], { initial: kernelText, final: kernelText }),
})

/** The shape of a process. Nobody in particular is user 0 and group 0, as to the originals. @internal */
export const process: Shape<Process> = (value, path) => {
  const result = given(value, path)
  return { ...result, user: { ...result.user, uid: result.user?.uid ?? 0, gid: result.user?.gid ?? 0 } }
}
