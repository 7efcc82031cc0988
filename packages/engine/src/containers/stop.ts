// SPDX-License-Identifier: Apache-2.0
import { isNotFound, StackError } from '@teu/errors'
import type { Container } from './container.ts'
import { statusAfter } from './container-state.ts'
import { type ContainerContext, publishContainerEvent, saveContainer } from './context.ts'
import { parseSignal } from './signals.ts'

/** How long a process may take to go after SIGKILL, in milliseconds, before the caller is told that it does not. */
const killPatience = 10_000

/** How to stop a container. */
export interface StopOptions {
  /** Name or number; the container's stop signal by default. */
  signal?: string | undefined
  /** Seconds until SIGKILL; -1 waits for ever; the container's own by default. */
  timeout?: number | undefined
}

/** Stops a container: its stop signal, then SIGKILL. `not-modified` when it does not run. */
export async function stopContainer(
  context: ContainerContext,
  container: Container,
  options: StopOptions,
): Promise<void> {
  if (container.status === 'restarting') return cancelRestart(context, container)
  if (!container.hasProcess) throw new StackError('not-modified', `container ${container.id} is not running`)
  const { config } = container.record
  const signal = parseSignal(options.signal || config.StopSignal || 'SIGTERM')
  const seconds = options.timeout ?? config.StopTimeout ?? context.settings.defaultStopTimeout
  container.record.state.stoppedByUser = true
  const ended = container.exits.nextExit
  if (!(await sendAndWait(context, container, signal, seconds < 0 ? undefined : seconds * 1000, ended))) {
    await killAndWait(context, container, ended)
  }
  // The end is complete when what the run was made of has been taken apart.
  await container.turns.take(async () => {})
  if (context.containers.byId(container.id)) publishContainerEvent(context, container, 'stop')
}

/**
 * Kills a container and waits until its end has been written down. A process that cannot die, as one that waits for a
 * dead disk, is `deadline-exceeded` with its pid, and is not waited for longer.
 */
export async function killAndWait(
  context: ContainerContext,
  container: Container,
  ended: Promise<unknown> = container.exits.nextExit,
): Promise<void> {
  if (await sendAndWait(context, container, 9, killPatience, ended)) return
  const { pid } = container.record.state
  throw new StackError(
    'deadline-exceeded',
    `tried to kill container, but did not receive an exit event: process ${pid} of container ${container.id} does not die`,
  )
}

/** Sends a signal with its event. One that finds no process is no error: the end is on its way. */
export async function sendSignal(context: ContainerContext, container: Container, signal: number): Promise<void> {
  try {
    await context.tasks.kill(container.id, signal)
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  // A frozen process can take no signal but the last.
  if (signal === 9 && container.status === 'paused') await context.tasks.resume(container.id).catch(() => {})
  publishContainerEvent(context, container, 'kill', { signal: String(signal) })
}

async function sendAndWait(
  context: ContainerContext,
  container: Container,
  signal: number,
  milliseconds: number | undefined,
  ended: Promise<unknown>,
): Promise<boolean> {
  await sendSignal(context, container, signal)
  const { promise: late, resolve } = Promise.withResolvers<false>()
  const timer = milliseconds === undefined ? undefined : setTimeout(() => resolve(false), milliseconds)
  const done = await Promise.race([ended.then(() => true), late])
  clearTimeout(timer)
  return done
}

async function cancelRestart(context: ContainerContext, container: Container): Promise<void> {
  clearTimeout(container.restartTimer)
  await container.turns.take(async () => {
    const { state } = container.record
    if (state.status !== 'restarting') return
    state.status = statusAfter(state.status, 'exit')
    state.stoppedByUser = true
    saveContainer(context, container, 'kept')
    publishContainerEvent(context, container, 'stop')
  })
}
