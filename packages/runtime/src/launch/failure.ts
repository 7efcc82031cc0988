// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { SyncRecord } from '@teu/linux'
import { type Step, slots } from '../program/program.ts'

type Failure = Extract<SyncRecord, { kind: 'failure' }>

/** Steps that are about the process and no longer about the container around it. */
const aboutProcess: ReadonlySet<Step['kind']> = new Set([
  'bounding',
  'capabilities',
  'execute',
  'home',
  'lookup',
  'standard-streams',
  'user',
  'working-directory',
])

/**
 * The error for a step that failed, in the words that the layers above look for in the original's messages: what has
 * to do with the program itself stands alone, the rest is an error of the container's set-up.
 *
 * @internal
 */
export function launchError(steps: readonly Step[], failure: Failure): StackError {
  const step = steps[failure.step]
  const text = step !== undefined && aboutProcess.has(step.kind) ? failure.text : setupText(steps, failure)
  return new StackError(codeOfStep(step), `unable to start container process: ${text}`)
}

function setupText(steps: readonly Step[], failure: Failure): string {
  const step = steps[failure.step]
  const text = `${describe(steps, failure.step, step)}${failure.text}`
  // What joins a container has none to set up.
  return makesContainer(steps) ? `error during container init: ${text}` : text
}

function describe(steps: readonly Step[], index: number, step: Step | undefined): string {
  if (step === undefined) return ''
  switch (step.kind) {
    case 'mount':
    case 'bind':
      return `error mounting ${quote(step.source)} to rootfs at ${quote(step.destination)}: `
    case 'device':
      return 'error creating device nodes: '
    case 'apparmor':
      return makesContainer(steps) ? 'unable to apply apparmor profile: ' : ''
    case 'connect':
      return step.slot === slots.seccomp
        ? 'failed to connect with seccomp agent specified in the seccomp profile: '
        : ''
    case 'join-cgroup':
      return `unable to apply cgroup configuration: ${openedIn(steps, step.slot)}: `
    case 'hook':
      return `error running hook #${hookIndex(steps, index)}: `
    default:
      return ''
  }
}

function makesContainer(steps: readonly Step[]): boolean {
  return steps.some(({ kind }) => kind === 'root')
}

/** The path that was opened in a slot. */
function openedIn(steps: readonly Step[], slot: number): string {
  const found = steps.find((step) => step.kind === 'open' && step.slot === slot)
  return found?.kind === 'open' ? found.path : ''
}

const shownLength = 256

function quote(path: string): string {
  return JSON.stringify(path.length > shownLength ? `${path.slice(0, shownLength)}...` : path)
}

/** The place of a hook among its neighbours, which are those of its kind. */
function hookIndex(steps: readonly Step[], index: number): number {
  let count = 0
  while (steps[index - count - 1]?.kind === 'hook') count++
  return count
}

function codeOfStep(step: Step | undefined): 'invalid-argument' | 'internal' {
  return step?.kind === 'lookup' || step?.kind === 'execute' || step?.kind === 'working-directory'
    ? 'invalid-argument'
    : 'internal'
}
