// SPDX-License-Identifier: Apache-2.0
import { hasCode } from '@teu/errors'
import type { Container } from './container.ts'
import { type ContainerContext, publishContainerEvent } from './context.ts'
import { type StopOptions, stopContainer } from './stop.ts'

/** Stops a container if it runs and starts it again. One that is removed at its end is not removed by this one. */
export async function restartContainer(
  context: ContainerContext,
  container: Container,
  options: StopOptions,
  start: (container: Container) => Promise<void>,
): Promise<void> {
  container.pendingRestarts++
  try {
    await stopIfRunning(context, container, options)
  } finally {
    container.pendingRestarts--
  }
  await start(container)
  publishContainerEvent(context, container, 'restart')
}

async function stopIfRunning(context: ContainerContext, container: Container, options: StopOptions): Promise<void> {
  try {
    await stopContainer(context, container, options)
  } catch (error) {
    if (!hasCode(error, 'not-modified')) throw error
  }
}
