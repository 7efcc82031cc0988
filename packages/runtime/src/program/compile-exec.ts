// SPDX-License-Identifier: Apache-2.0
import { parseCpuList } from '@teu/linux'
import type { Process } from '@teu/oci-spec/runtime'
import { namespaceFlags } from '../spec/namespaces.ts'
import { type CgroupEntry, spawnStep } from './cgroup-entry.ts'
import { joinSteps, type NamespaceToJoin } from './namespaces.ts'
import { becomeUserSteps, labelSteps, lateSeccompSteps, type ProcessContext, raiseLimitSteps } from './process.ts'
import { type Step, slots } from './program.ts'

/** Everything that the program of one more process in a container is compiled from. @internal */
export interface ExecContext extends ProcessContext {
  process: Process
  /** Of the container's init, by `/proc/<pid>/ns/...`; those it shares with the runtime are left out. */
  namespaces: readonly NamespaceToJoin[]
  /** How the process enters the container's cgroup; undefined when it is moved there. */
  cgroupEntry?: CgroupEntry | undefined
  consoleSocket?: string
  seccompSocket?: string
  privileged: boolean
  ownOomScore: number
  extraFds: number
  /** Name of the container's session keyring; undefined when it shares the runtime's. */
  keyring?: string
  umask: number
}

/** Joins a container and becomes one more process of it. @internal */
export function compileExec(context: ExecContext): Step[] {
  const { process, namespaces, consoleSocket, seccompSocket } = context
  const steps: Step[] = affinitySteps(process.execCPUAffinity?.initial)
  if (process.oomScoreAdj !== undefined && process.oomScoreAdj !== context.ownOomScore) {
    steps.push({ kind: 'oom-score', value: process.oomScoreAdj })
  }
  if (consoleSocket) steps.push({ kind: 'connect', slot: slots.console, path: consoleSocket })
  if (seccompSocket) steps.push({ kind: 'connect', slot: slots.seccomp, path: seccompSocket })
  if (namespaces.some(({ type }) => type === 'user')) steps.push(...raiseLimitSteps(process))
  steps.push(...entrySteps(context), ...affinitySteps(process.execCPUAffinity?.final))
  steps.push({ kind: 'new-session' })
  if (context.keyring !== undefined) steps.push({ kind: 'keyring', name: context.keyring })
  if (process.terminal && consoleSocket !== undefined) {
    const { width = 0, height = 0 } = process.consoleSize ?? {}
    steps.push({ kind: 'console', slot: slots.console, width, height, mount: 0 })
  }
  steps.push(
    { kind: 'umask', mask: context.umask },
    ...becomeUserSteps(context),
    ...lateSeccompSteps(context),
    { kind: 'ready' },
    { kind: 'execute', args: process.args ?? [], extra: context.extraFds },
  )
  return steps
}

function entrySteps({ process, namespaces, privileged, cgroupEntry }: ExecContext): Step[] {
  const joins = joinSteps(namespaces, privileged)
  // Nothing of the host may be open while processes of the container can look: they share the pid namespace now.
  const shut: Step[] = [...labelSteps(process), { kind: 'close-procfs' }]
  if (cgroupEntry === undefined) return [...joins, spawnStep(undefined), ...shut]
  // From inside the container's cgroup namespace the way into its cgroup cannot be seen.
  const isLate = (step: Step) => step.kind === 'join' && step.namespace === namespaceFlags.cgroup
  return [
    ...cgroupEntry.open,
    ...joins.filter((step) => !isLate(step)),
    spawnStep(cgroupEntry),
    ...shut,
    ...cgroupEntry.join,
    ...joins.filter(isLate),
  ]
}

function affinitySteps(list: string | undefined): Step[] {
  return list ? [{ kind: 'affinity', cpus: parseCpuList(list) }] : []
}
