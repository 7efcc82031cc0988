// SPDX-License-Identifier: Apache-2.0
import type { ContainerStatus } from '@teu/engine-api'
import { StackError } from '@teu/errors'

/** What can happen to a container. */
export type ContainerMove = 'start' | 'pause' | 'unpause' | 'exit' | 'retry' | 'remove' | 'fail-removal'

/** The moves that each status allows, and where they lead. What is not here cannot happen. */
const moves: Readonly<Record<ContainerStatus, Partial<Record<ContainerMove, ContainerStatus>>>> = {
  created: { start: 'running', remove: 'removing' },
  running: { pause: 'paused', exit: 'exited', retry: 'restarting' },
  // A paused container can be killed, and then exits without having been thawed by us.
  paused: { unpause: 'running', exit: 'exited', retry: 'restarting' },
  restarting: { start: 'running', exit: 'exited', remove: 'removing' },
  exited: { start: 'running', remove: 'removing' },
  removing: { 'fail-removal': 'dead' },
  dead: { remove: 'removing' },
}

/** Whether a container of that status has a process. */
export function hasProcess(status: ContainerStatus): boolean {
  return status === 'running' || status === 'paused'
}

/** Whether the move is possible. */
export function canMove(status: ContainerStatus, move: ContainerMove): boolean {
  return moves[status][move] !== undefined
}

/** The status after a move; `conflict` when the status does not allow it. */
export function statusAfter(status: ContainerStatus, move: ContainerMove): ContainerStatus {
  const next = moves[status][move]
  if (next === undefined) throw new StackError('conflict', `cannot ${move} a container that is ${status}`)
  return next
}
