// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { StartedProcess } from '../container/options.ts'
import { forwardSignals } from './signals.ts'
import type { ForegroundTerminal } from './terminal.ts'

/**
 * Stays with a process until it has ended: signals go to it, and what it wrote to its terminal comes out. Resolves with
 * its exit status.
 *
 * @internal
 */
export async function attend(
  started: StartedProcess,
  terminal: ForegroundTerminal | undefined,
  send: (signal: number) => Promise<void>,
): Promise<number> {
  using _forwarding = forwardSignals(send)
  const exited = started.exited
  if (exited === undefined) throw new StackError('internal', `process ${started.pid} is no child of this one`)
  const { exitCode } = await exited
  await terminal?.drained()
  return exitCode
}
