// SPDX-License-Identifier: Apache-2.0
import type { EngineClient } from '@teu/engine-api'
import type { CommandContext } from '../context/command-context.ts'
import { usageStatus } from '../exit-status.ts'

/**
 * Begins to wait for a container, which must happen before it is started, and returns a promise of its exit status.
 * A wait that breaks off counts as 125 and is reported on standard error.
 */
export async function waitForExit(
  context: CommandContext,
  engine: EngineClient,
  id: string,
  removed: boolean,
): Promise<Promise<number>[]> {
  const { result } = await engine.containerWait(id, { condition: removed ? 'removed' : 'next-exit' })
  const status = result.then(
    ({ StatusCode, Error: failure }) => {
      if (!failure?.Message) return StatusCode
      context.printError(`Error waiting for container: ${failure.Message}`)
      return usageStatus
    },
    (error: Error) => {
      context.printError(`error waiting for container: ${error.message}`)
      return usageStatus
    },
  )
  // In a list, because an async function would wait for a bare promise.
  return [status]
}
