// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Container } from './container.ts'
import { type ContainerContext, publishContainerEvent } from './context.ts'

/** Sets the size of a container's terminal. `conflict` when it does not run. */
export async function resizeContainer(
  context: ContainerContext,
  container: Container,
  height: number | undefined,
  width: number | undefined,
): Promise<void> {
  const { h, w } = checkSize(height, width)
  if (!container.hasProcess) throw new StackError('conflict', `container ${container.id} is not running`)
  await context.tasks.resize(container.id, '', h, w)
  publishContainerEvent(context, container, 'resize', { height: String(h), width: String(w) })
}

/** Both numbers of a size; `invalid-argument` when one is missing. */
export function checkSize(height: number | undefined, width: number | undefined): { h: number; w: number } {
  if (height === undefined) throw new StackError('invalid-argument', 'invalid resize height "": invalid syntax')
  if (width === undefined) throw new StackError('invalid-argument', 'invalid resize width "": invalid syntax')
  return { h: height, w: width }
}
