// SPDX-License-Identifier: Apache-2.0
import { protocolConstants, resourceLimits } from '@teu/linux'
import type { Process } from '@teu/oci-spec/runtime'
import type { CapabilityMasks } from '../spec/capabilities.ts'
import { hasValue, normalizeEnvironment } from '../spec/environment.ts'
import type { Step } from './program.ts'
import { ioPriorityValue, schedulerStep } from './scheduling.ts'

/** A compiled seccomp filter: instructions as the kernel reads them, and the flags of seccomp(2). @internal */
export interface CompiledSeccomp {
  filter: Uint8Array
  flags: number
  /** What goes to the listener along with the descriptor; the pid stands between the parts. */
  listener?: { prefix: string; middle: string; suffix: string; slot: number }
}

/** What the steps of a process are compiled from. @internal */
export interface ProcessContext {
  process: Process
  capabilities: CapabilityMasks
  seccomp: CompiledSeccomp | undefined
  /** False in a user namespace that forbids setgroups(2). */
  setGroups: boolean
  /** Environment that the runtime adds, such as LISTEN_FDS. */
  addedEnvironment: readonly string[]
}

const infinity = 0xffff_ffff_ffff_ffffn

/** A limit as the kernel takes it; the number 2^64, which is what the highest one is rounded to, stands for it. @internal */
export function limitNumber(value: number | bigint): bigint {
  return value >= infinity || value < 0 ? infinity : BigInt(value)
}

/** Raises hard limits while the process still has the right to, before a user namespace is entered. @internal */
export function raiseLimitSteps(process: Process): Step[] {
  return (process.rlimits ?? []).map(({ type, hard }) => ({
    kind: 'raise-limit',
    resource: resourceLimits[type as keyof typeof resourceLimits],
    hard: limitNumber(hard),
  }))
}

/**
 * From a process in its namespaces to one that is the user, with the user's rights, and knows what it will execute.
 * The order is runc's: a filter that needs privileges to be loaded comes before they are dropped.
 *
 * @internal
 */
export function becomeUserSteps(context: ProcessContext): Step[] {
  const { process, capabilities, seccomp, setGroups } = context
  const { uid, gid, additionalGids = [] } = process.user
  const environment = normalizeEnvironment([...(process.env ?? []), ...context.addedEnvironment])
  const home = hasValue(environment, 'HOME')
  const cwd = (phase: number): Step => ({ kind: 'working-directory', path: process.cwd, phase })
  return [
    ...settingSteps(process),
    ...(process.noNewPrivileges ? [{ kind: 'no-new-privileges' } as const] : []),
    ...(seccomp && !process.noNewPrivileges ? [seccompStep(seccomp)] : []),
    { kind: 'bounding', mask: capabilities.bounding },
    cwd(protocolConstants.beforeUser),
    { kind: 'standard-streams', uid, gid },
    { kind: 'user', uid, gid, groups: [...new Set(additionalGids)], setGroups: setGroups ? 1 : 0 },
    cwd(protocolConstants.afterUser),
    {
      kind: 'capabilities',
      effective: capabilities.effective,
      permitted: capabilities.permitted,
      inheritable: capabilities.inheritable,
      ambient: capabilities.ambient,
    },
    { kind: 'environment', variables: home ? environment : environment.filter((entry) => entry !== 'HOME=') },
    ...(home ? [] : [{ kind: 'home', uid } as const]),
    // Without a program there is none to find; such a container waits for ever.
    ...(process.args?.[0] ? [{ kind: 'lookup', name: process.args[0] } as const] : []),
  ]
}

/** With no_new_privs a filter needs no privilege, and is loaded last so that it sees the fewest calls of ours. @internal */
export function lateSeccompSteps({ process, seccomp }: ProcessContext): Step[] {
  return seccomp && process.noNewPrivileges ? [seccompStep(seccomp)] : []
}

/** Opens what a security module is told the label of the process by, while there is a procfs. @internal */
export function labelSteps({ apparmorProfile, selinuxLabel }: Process): Step[] {
  const { moduleAppArmor, moduleSelinux } = protocolConstants
  return [
    ...(apparmorProfile ? [{ kind: 'label', module: moduleAppArmor } as const] : []),
    ...(selinuxLabel ? [{ kind: 'label', module: moduleSelinux } as const] : []),
  ]
}

function settingSteps(process: Process): Step[] {
  const steps: Step[] = []
  if (process.scheduler) steps.push(schedulerStep(process.scheduler))
  if (process.ioPriority) steps.push({ kind: 'io-priority', value: ioPriorityValue(process.ioPriority) })
  if (process.apparmorProfile) steps.push({ kind: 'apparmor', profile: process.apparmorProfile })
  if (process.selinuxLabel) steps.push({ kind: 'selinux', label: process.selinuxLabel })
  for (const { type, soft, hard } of process.rlimits ?? []) {
    const resource = resourceLimits[type as keyof typeof resourceLimits]
    steps.push({ kind: 'limit', resource, soft: limitNumber(soft), hard: limitNumber(hard) })
  }
  return steps
}

function seccompStep({ filter, flags, listener }: CompiledSeccomp): Step {
  return {
    kind: 'seccomp',
    filter,
    flags,
    slot: listener?.slot ?? -1,
    statePrefix: listener?.prefix ?? '',
    stateMiddle: listener?.middle ?? '',
    stateSuffix: listener?.suffix ?? '',
  }
}
