// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { StackError } from '@teu/errors'
import type { Container } from './container.ts'
import { statusAfter } from './container-state.ts'
import { type ContainerContext, publishContainerEvent, saveContainer } from './context.ts'
import { containerDirectory, execDirectory } from './paths.ts'
import { unmountSharedMemory } from './shared-memory.ts'
import { killAndWait } from './stop.ts'

/** How to remove a container. */
export interface RemoveOptions {
  /** Kill it first when it runs. */
  force?: boolean
  /** Remove its anonymous volumes too. */
  volumes?: boolean
}

/**
 * Removes a container that does not run. `conflict` while it runs, unless forced, and while another removal is under
 * way.
 */
export async function removeOnRequest(
  context: ContainerContext,
  container: Container,
  options: RemoveOptions,
): Promise<void> {
  if (container.status === 'removing') {
    throw new StackError('conflict', `removal of container ${container.name} is already in progress`)
  }
  if (isUp(container)) {
    if (!options.force) throw refusal(container)
    container.record.state.stoppedByUser = true
  }
  if (container.hasProcess) await killAndWait(context, container)
  await container.turns.take(async () => {
    // Its own end may have removed it meanwhile.
    if (context.containers.byId(container.id) === undefined) return
    if (container.hasProcess || (isUp(container) && !options.force)) throw refusal(container)
    await removeContainer(context, container, options)
  })
}

/** Whether a container runs, or is about to run again by itself. */
function isUp({ hasProcess, status }: Container): boolean {
  return hasProcess || status === 'restarting'
}

/** Removes a container that does not run, for a caller that has its turn. */
export async function removeContainer(
  context: ContainerContext,
  container: Container,
  options: RemoveOptions,
): Promise<void> {
  const { record } = container
  clearTimeout(container.restartTimer)
  record.state.status = statusAfter(record.state.status, 'remove')
  try {
    await context.images.removeRootfs(container.id)
    container.log.remove()
    unmountSharedMemory(context.settings, container.id)
    rmSync(containerDirectory(context.settings, container.id), { recursive: true, force: true })
    await rm(execDirectory(context.settings, container.id), { recursive: true, force: true })
    context.store.remove(container.id)
  } catch (error) {
    record.state.status = statusAfter('removing', 'fail-removal')
    saveContainer(context, container, 'kept')
    container.exits.removalFailed(error as Error)
    throw error
  }
  context.containers.remove(container)
  if (options.volumes) await context.volumes.release(container.id, record.anonymousVolumes)
  container.hub.end()
  container.log.close()
  publishContainerEvent(context, container, 'destroy')
  container.exits.removed({ exitCode: record.state.exitCode })
}

function refusal({ name, status }: Container): StackError {
  const advice =
    status === 'paused'
      ? 'container is paused and must be unpaused first'
      : `container is ${status}: stop the container before removing or force remove`
  return new StackError('conflict', `cannot remove container "/${name}": ${advice}`)
}
