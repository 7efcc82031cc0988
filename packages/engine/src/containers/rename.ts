// SPDX-License-Identifier: Apache-2.0
import { StackError, wrap } from '@teu/errors'
import type { Container } from './container.ts'
import { checkName } from './container-name.ts'
import { type ContainerContext, publishContainerEvent, saveContainer } from './context.ts'

/** Gives a container another name. `conflict` when that is taken. */
export function renameContainer(
  context: ContainerContext,
  container: Container,
  requested: string | undefined,
): Promise<void> {
  return container.turns.take(async () => {
    if (!requested) throw new StackError('invalid-argument', 'Neither old nor new names may be empty')
    const name = allocated(() => checkName(requested.startsWith('/') ? requested : `/${requested}`))
    const old = container.name
    if (name === old) {
      throw new StackError('invalid-argument', 'Renaming a container with the same name as its current name')
    }
    allocated(() => context.containers.reserveName(name, container.id))
    container.record.name = name
    try {
      saveContainer(context, container, 'durable')
    } catch (error) {
      container.record.name = old
      context.containers.releaseName(name)
      throw error
    }
    context.containers.releaseName(old)
    publishContainerEvent(context, container, 'rename', { oldName: `/${old}` })
  })
}

/** A step that finds the new name wanting, in the original's words. */
function allocated<T>(step: () => T): T {
  try {
    return step()
  } catch (error) {
    throw wrap(error, 'Error when allocating new name')
  }
}
