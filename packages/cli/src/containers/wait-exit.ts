// SPDX-License-Identifier: Apache-2.0
import type { ContainerWaitResult, EngineClient } from '@teu/engine-api'
import { messageOf } from '@teu/errors'
import type { CommandContext } from '../context/command-context.ts'
import { usageStatus } from '../exit-status.ts'
import { escapeControl } from '../format/escape-control.ts'

/** A wait that the engine has taken on; the promise of the exit status, for whoever wants to know it. */
export interface ExitWait {
  /** A wait that broke off counts as 125 and is then reported on standard error. */
  status(): Promise<number>
}

/** Begins to wait for a container, which must happen before it is started. */
export async function waitForExit(
  context: CommandContext,
  engine: EngineClient,
  id: string,
  removed: boolean,
): Promise<ExitWait> {
  const { result } = await engine.containerWait(id, { condition: removed ? 'removed' : 'next-exit' })
  return { status: () => statusOf(context, result) }
}

async function statusOf(context: CommandContext, result: Promise<ContainerWaitResult>): Promise<number> {
  let failure: string | undefined
  try {
    const { StatusCode, Error: reported } = await result
    if (!reported?.Message) return StatusCode
    failure = `Error waiting for container: ${reported.Message}`
  } catch (error) {
    failure = `error waiting for container: ${messageOf(error)}`
  }
  context.printError(escapeControl(failure))
  return usageStatus
}
