// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/**
 * The states of a process of a container. `created` is made but not started (an exec: registered); `deleted` is
 * forgotten by everybody but a call that is on its way.
 *
 * @internal
 */
export type ProcessState = 'creating' | 'created' | 'running' | 'paused' | 'stopped' | 'deleted'

/** What moves a process from one state to the next. @internal */
export type ProcessMove = 'create' | 'start' | 'pause' | 'resume' | 'exit' | 'delete'

const moves: Readonly<Record<ProcessMove, Readonly<Partial<Record<ProcessState, ProcessState>>>>> = {
  create: { creating: 'created' },
  start: { created: 'running' },
  pause: { running: 'paused' },
  resume: { paused: 'running' },
  exit: { creating: 'stopped', created: 'stopped', running: 'stopped', paused: 'stopped' },
  delete: { created: 'deleted', stopped: 'deleted', creating: 'deleted' },
}

/** Whether `move` is allowed in `state`. @internal */
export function canMove(state: ProcessState, move: ProcessMove): boolean {
  return moves[move][state] !== undefined
}

/**
 * The state after `move`. Throws `not-found` when the process is deleted, as for one that was never there, and
 * `failed-precondition` when its state does not allow the move.
 *
 * @internal
 */
export function moveState(state: ProcessState, move: ProcessMove): ProcessState {
  checkPresent(state, move)
  const next = moves[move][state]
  if (next === undefined) throw new StackError('failed-precondition', `cannot ${move} a ${state} process`)
  return next
}

/** Throws `not-found` for a process that was deleted while the call was on its way. @internal */
export function checkPresent(state: ProcessState, doing: string): void {
  if (state === 'deleted') throw new StackError('not-found', `cannot ${doing} a deleted process: not found`)
}
