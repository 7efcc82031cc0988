// SPDX-License-Identifier: Apache-2.0
import type { ContainerWaitResult, WaitCondition } from '@teu/engine-api'
import { messageOf, StackError } from '@teu/errors'
import type { Container } from './container.ts'
import type { RunEnd } from './exit-signal.ts'

const conditions: readonly string[] = ['not-running', 'next-exit', 'removed']

/** The condition of a wait; `not-running` by default, `invalid-argument` for one that does not exist. */
export function parseCondition(text: string | undefined): WaitCondition {
  if (!text) return 'not-running'
  if (!conditions.includes(text)) throw new StackError('invalid-argument', `invalid condition: "${text}"`)
  return text as WaitCondition
}

/**
 * Waits for a condition. The waiting has begun when this returns, before the promise settles: nothing that happens
 * afterwards is missed.
 */
export function waitFor(container: Container, condition: WaitCondition): Promise<ContainerWaitResult> {
  const { state } = container.record
  if (condition === 'removed') return container.exits.removal.then(resultOf, failedRemoval)
  const runs = container.hasProcess || container.status === 'restarting'
  if (condition === 'not-running' && !runs) {
    return Promise.resolve(resultOf(state))
  }
  return container.exits.nextExit.then(resultOf)
}

function resultOf({ exitCode }: RunEnd): ContainerWaitResult {
  return { StatusCode: exitCode }
}

function failedRemoval(error: unknown): ContainerWaitResult {
  return { StatusCode: -1, Error: { Message: messageOf(error) } }
}
