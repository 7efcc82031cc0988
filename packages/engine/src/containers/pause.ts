// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Container } from './container.ts'
import { statusAfter } from './container-state.ts'
import { type ContainerContext, publishContainerEvent, saveContainer } from './context.ts'

/** Freezes a running container. `conflict` when it does not run or is frozen. */
export function pauseContainer(context: ContainerContext, container: Container): Promise<void> {
  return container.turns.take(async () => {
    if (container.status === 'paused') throw conflict(`Container ${container.id} is already paused`)
    if (container.status !== 'running') throw conflict(`container ${container.id} is not running`)
    await context.tasks.pause(container.id)
    move(context, container, 'pause')
  })
}

/** Thaws a frozen container. `conflict` when it is not frozen. */
export function unpauseContainer(context: ContainerContext, container: Container): Promise<void> {
  return container.turns.take(async () => {
    if (container.status !== 'paused') throw conflict(`Container ${container.id} is not paused`)
    await context.tasks.resume(container.id)
    move(context, container, 'unpause')
  })
}

function move(context: ContainerContext, container: Container, to: 'pause' | 'unpause'): void {
  container.record.state.status = statusAfter(container.status, to)
  saveContainer(context, container, 'kept')
  publishContainerEvent(context, container, to)
}

function conflict(message: string): StackError {
  return new StackError('conflict', message)
}
