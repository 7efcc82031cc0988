// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'
import { parseSignal } from './signals.ts'
import { killAndWait, sendSignal } from './stop.ts'

/** Sends a signal; SIGKILL waits for the end. `conflict` when the container does not run. */
export async function killContainer(
  context: ContainerContext,
  container: Container,
  signalText: string | undefined,
): Promise<void> {
  const signal = parseSignal(signalText || 'SIGKILL')
  if (!container.hasProcess) {
    throw new StackError(
      'conflict',
      `cannot kill container: ${container.name}: container ${container.id} is not running`,
    )
  }
  const stopSignal = parseSignal(container.record.config.StopSignal || 'SIGTERM')
  if (signal === 9 || signal === stopSignal) container.record.state.stoppedByUser = true
  if (signal === 9) await killAndWait(context, container)
  else await sendSignal(context, container, signal)
}
