// SPDX-License-Identifier: Apache-2.0
import { messageOf } from '@teu/errors'
import { formatTime, nowNanoseconds, parseTime } from '../clock.ts'
import type { TaskEnd } from '../tasks/task-client.ts'
import type { Container } from './container.ts'
import { statusAfter } from './container-state.ts'
import { type ContainerContext, publishContainerEvent, saveContainer } from './context.ts'
import { removeContainer } from './remove.ts'
import { restartPause } from './restart-policy.ts'
import { unmountSharedMemory } from './shared-memory.ts'
import { removeFromContainerd, start } from './start.ts'

/**
 * The process of a container has ended. Delivers the rest of its output, writes the end down, tells everybody, and
 * takes apart what the run was made of. A second report of one end changes nothing.
 *
 * @param pid - whose end was reported; undefined when it was found out by asking
 */
export function finishRun(
  context: ContainerContext,
  container: Container,
  pid: number | undefined,
  end: TaskEnd,
): Promise<void> {
  return container.turns.take(async () => {
    const { state } = container.record
    if (!container.hasProcess || (pid !== undefined && pid !== state.pid)) return
    await container.io?.drained()
    const pause = writeEnd(context, container, end)
    publishEnd(context, container, end)
    container.hub.end()
    container.running = Promise.withResolvers<void>()
    container.log.endFollowers()
    container.exits.exited({ exitCode: state.exitCode })
    await takeApart(context, container)
    if (pause !== undefined) scheduleRestart(context, container, pause)
    else if (container.record.hostConfig.AutoRemove && container.pendingRestarts === 0)
      await autoRemove(context, container)
  })
}

function writeEnd(context: ContainerContext, container: Container, end: TaskEnd): number | undefined {
  const { state, hostConfig } = container.record
  const finishedAt = end.exitedAt > 0n ? end.exitedAt : nowNanoseconds()
  state.exitCode = end.exitStatus
  state.finishedAt = formatTime(finishedAt)
  state.pid = 0
  const pause = context.stopping.aborted
    ? undefined
    : restartPause(hostConfig.RestartPolicy ?? {}, {
        exitCode: state.exitCode,
        stoppedByUser: state.stoppedByUser,
        restartCount: state.restartCount,
        duration: Number((finishedAt - parseTime(state.startedAt)) / 1_000_000n),
      })
  state.status = statusAfter(state.status, pause === undefined ? 'exit' : 'retry')
  container.record.endpoints = undefined
  saveContainer(context, container, 'kept')
  return pause
}

function publishEnd(context: ContainerContext, container: Container, end: TaskEnd): void {
  const { startedAt, finishedAt } = container.record.state
  const seconds = (parseTime(finishedAt) - parseTime(startedAt)) / 1_000_000_000n
  publishContainerEvent(context, container, 'die', {
    exitCode: String(end.exitStatus),
    execDuration: String(seconds < 0n ? 0n : seconds),
  })
}

async function takeApart(context: ContainerContext, container: Container): Promise<void> {
  const { tasks, network, log } = context
  try {
    await tasks.delete(container.id)
    await tasks.deleteContainer(container.id)
  } catch {
    // Gone already, or not quite over: the thorough way takes care of both.
    await removeFromContainerd(context, container.id)
  }
  container.io?.remove()
  container.io = undefined
  container.record.sandbox = undefined
  unmountSharedMemory(context.settings, container.id)
  await network.release(container.id).catch((error: unknown) => {
    log.error('a network place could not be released', { container: container.id, error: messageOf(error) })
  })
}

function scheduleRestart(context: ContainerContext, container: Container, pause: number): void {
  container.restartTimer = setTimeout(() => {
    container.turns
      .take(async () => {
        if (container.status !== 'restarting' || context.stopping.aborted) return
        container.record.state.restartCount++
        await start(context, container, (failed) => afterFailedRestart(context, failed))
      })
      .catch((error: unknown) => {
        context.log.error('a container could not be restarted', { container: container.id, error: messageOf(error) })
      })
  }, pause)
}

/** A restart that fails is tried again as if the container had run and failed. */
async function afterFailedRestart(context: ContainerContext, container: Container): Promise<void> {
  const { state, hostConfig } = container.record
  const ended = { ...state, duration: 0 }
  const pause = restartPause(hostConfig.RestartPolicy ?? {}, ended)
  if (pause !== undefined) return scheduleRestart(context, container, pause)
  state.status = statusAfter(state.status, 'exit')
  saveContainer(context, container, 'kept')
  container.exits.exited({ exitCode: state.exitCode })
}

/** What a failed first start leads to: `--rm` holds for it too. */
export async function afterFailedStart(context: ContainerContext, container: Container): Promise<void> {
  const { state, hostConfig } = container.record
  if (state.status === 'restarting') state.status = statusAfter(state.status, 'exit')
  container.exits.exited({ exitCode: state.exitCode })
  if (hostConfig.AutoRemove) await autoRemove(context, container)
}

async function autoRemove(context: ContainerContext, container: Container): Promise<void> {
  try {
    await removeContainer(context, container, { volumes: true })
  } catch (error) {
    context.log.error('a container could not be removed', { container: container.id, error: messageOf(error) })
  }
}
