// SPDX-License-Identifier: Apache-2.0
import type { CgroupSetup } from '@teu/linux'
import type { Spec, State } from '@teu/oci-spec/runtime'
import type { CapabilityMasks } from '../spec/capabilities.ts'
import type { ContainerSpec } from '../spec/check-spec.ts'
import { isPrivate, namespaceFlags, namespaceOf } from '../spec/namespaces.ts'
import { sysctlFile } from '../spec/sysctl.ts'
import { type CgroupEntry, spawnStep } from './cgroup-entry.ts'
import { deviceSteps } from './devices.ts'
import { hookSteps } from './hooks.ts'
import { bindsDev, type MountSteps, mountSteps } from './mounts.ts'
import { namespaceSteps } from './namespaces.ts'
import { personalityStep } from './personality.ts'
import {
  becomeUserSteps,
  type CompiledSeccomp,
  labelSteps,
  lateSeccompSteps,
  type ProcessContext,
  raiseLimitSteps,
} from './process.ts'
import { type Step, slots } from './program.ts'
import { finishRootSteps, prepareRootSteps } from './rootfs.ts'

/** Everything that the program of a new container is compiled from; nothing else is read, so that it can be compared. @internal */
export interface CreateContext {
  id: string
  spec: ContainerSpec
  bundle: string
  rootfs: string
  /** What hooks read; `pid` is filled in by init. */
  state: State
  fifo: string
  consoleSocket?: string
  seccompSocket?: string
  noPivot: boolean
  noNewKeyring: boolean
  cgroups: CgroupSetup
  cgroupPaths: Readonly<Record<string, string>>
  /** How init enters its cgroup; undefined when it is moved there, or has none. */
  cgroupEntry?: CgroupEntry | undefined
  capabilities: CapabilityMasks
  seccomp?: CompiledSeccomp
  /** Whether the runtime is root, which decides in what order namespaces are joined. */
  privileged: boolean
  /** Whether the machine has /proc/kcore. */
  hasKcore: boolean
  /** The score that is inherited anyway; writing it again could fail for nothing. */
  ownOomScore: number
  /** Descriptors from 4 on that the program gets as 3, 4, ... */
  extraFds: number
  /** Whether the container is killed when whoever launches it ends. */
  diesWithParent?: boolean
  addedEnvironment: readonly string[]
  setGroups: boolean
}

/** The umask of a process whose spec names none. @internal */
export const defaultUmask = 0o022

const sigkill = 9
const readWrite = 2

/**
 * Compiles a container into the program that makes it: stage 0 on the host's side, then the final init up to the
 * moment of execve, with a wait for `start` before it.
 *
 * @internal
 */
export function compileCreate(context: CreateContext): Step[] {
  const mounts = mountSteps(context)
  const process: ProcessContext = { ...context, process: context.spec.process, seccomp: context.seccomp }
  return [
    ...hostSteps(context, mounts),
    spawnStep(context.cgroupEntry),
    ...procfsSteps(context.spec),
    ...(context.cgroupEntry?.join ?? []),
    ...sessionSteps(context),
    ...prepareRootSteps(context.spec, context.rootfs),
    ...mounts.mounts,
    ...(bindsDev(context.spec) ? [] : deviceSteps(context.spec, context.hasKcore)),
    ...createHookSteps(context),
    { kind: 'directory', path: context.spec.process.cwd, mode: 0o755 },
    ...consoleSteps(context),
    ...mounts.finish,
    ...identitySteps(context.spec),
    ...finishRootSteps(context.spec, context.noPivot),
    // Nothing of the host may be open while others can look, which they can as long as the container waits.
    { kind: 'close-procfs' },
    ...(context.spec.linux?.personality ? [personalityStep(context.spec.linux.personality)] : []),
    ...becomeUserSteps(process),
    ...(context.diesWithParent ? [{ kind: 'parent-death', signal: sigkill } as const] : []),
    { kind: 'ready' },
    { kind: 'await-start', slot: slots.fifo },
    ...lateSeccompSteps(process),
    ...startHookSteps(context),
    { kind: 'execute', args: context.spec.process.args ?? [], extra: context.extraFds },
  ]
}

function hostSteps(context: CreateContext, mounts: MountSteps): Step[] {
  const { spec, consoleSocket, seccompSocket } = context
  const score = spec.process.oomScoreAdj
  const steps: Step[] = []
  if (score !== undefined && score !== context.ownOomScore) steps.push({ kind: 'oom-score', value: score })
  steps.push({ kind: 'open', slot: slots.fifo, path: context.fifo, flags: readWrite })
  if (consoleSocket) steps.push({ kind: 'connect', slot: slots.console, path: consoleSocket })
  if (seccompSocket) steps.push({ kind: 'connect', slot: slots.seccomp, path: seccompSocket })
  steps.push(...(context.cgroupEntry?.open ?? []))
  if (isPrivate(spec, 'user')) steps.push(...raiseLimitSteps(spec.process))
  steps.push(...mounts.sources, ...namespaceSteps(spec, context.privileged))
  return steps
}

function sessionSteps({ spec, id, noNewKeyring }: CreateContext): Step[] {
  const steps: Step[] = []
  if (namespaceOf(spec, 'cgroup') === 'new') steps.push({ kind: 'unshare', flags: namespaceFlags.cgroup })
  steps.push({ kind: 'new-session' })
  if (!noNewKeyring) steps.push({ kind: 'keyring', name: `_ses.${id}` })
  if (namespaceOf(spec, 'network') === 'new') steps.push({ kind: 'loopback' })
  return steps
}

/**
 * The steps that set labels through procfs. When the container joins a pid namespace, init first opens a procfs of that
 * namespace: other processes in it may look at what init has open, and the procfs of the host would lead them out.
 */
function procfsSteps(spec: ContainerSpec): Step[] {
  const joinsOthers = typeof namespaceOf(spec, 'pid') === 'object'
  return [...(joinsOthers ? [{ kind: 'own-procfs' } as const] : []), ...labelSteps(spec.process)]
}

function createHookSteps({ spec, state }: CreateContext): Step[] {
  const { prestart = [], createRuntime = [], createContainer } = spec.hooks ?? {}
  const waits = prestart.length + createRuntime.length > 0
  const place = { state, environment: spec.process.env ?? [], inRoot: true }
  return [...(waits ? [{ kind: 'runtime-hooks' } as const] : []), ...hookSteps(createContainer, place)]
}

function startHookSteps({ spec, state }: CreateContext): Step[] {
  const place = { state: { ...state, status: 'created' as const }, environment: spec.process.env ?? [], inRoot: false }
  return hookSteps(spec.hooks?.startContainer, place)
}

function consoleSteps({ spec, consoleSocket }: CreateContext): Step[] {
  if (!spec.process.terminal || consoleSocket === undefined) return []
  const { width = 0, height = 0 } = spec.process.consoleSize ?? {}
  return [{ kind: 'console', slot: slots.console, width, height, mount: 1 }]
}

function identitySteps(spec: Spec): Step[] {
  const steps: Step[] = [{ kind: 'umask', mask: spec.process?.user.umask ?? defaultUmask }]
  if (spec.hostname) steps.push({ kind: 'hostname', name: spec.hostname })
  if (spec.domainname) steps.push({ kind: 'domainname', name: spec.domainname })
  for (const [key, value] of Object.entries(spec.linux?.sysctl ?? {})) {
    steps.push({ kind: 'sysctl', path: sysctlFile(key), value })
  }
  return steps
}
