// SPDX-License-Identifier: Apache-2.0
import { messageOf } from '@teu/errors'
import type { CommandContext } from '../context/command-context.ts'
import { ExitError } from '../exit-status.ts'
import { escapeControl } from '../format/escape-control.ts'

/**
 * Does one thing for each name, all at once, and prints the outcomes in the order of the names: what `act` returns
 * on standard output, failures on standard error. Throws with status 1 at the end when any failed.
 */
export async function forEachName(
  context: CommandContext,
  names: readonly string[],
  act: (name: string) => Promise<string | undefined>,
): Promise<void> {
  const outcomes = names.map(async (name) =>
    act(name).then(
      (line) => ({ line, failure: undefined }),
      (failure: unknown) => ({ line: undefined, failure }),
    ),
  )
  const failures: string[] = []
  for (const outcome of outcomes) {
    const { line, failure } = await outcome
    if (line !== undefined) context.print(line)
    if (failure !== undefined) failures.push(escapeControl(messageOf(failure), '\n\t'))
  }
  if (context.signal.aborted) context.signal.throwIfAborted()
  if (failures.length > 0) throw new ExitError(1, failures.join('\n'))
}
