// SPDX-License-Identifier: Apache-2.0
import { nanosecondsOf, type TaskProcess, TaskStatus } from '@teu/containerd-api'
import { messageOf } from '@teu/errors'
import { nowNanoseconds } from '../clock.ts'
import { fifoPaths } from '../io/fifo-set.ts'
import { ProcessIo } from '../io/process-io.ts'
import type { Container } from './container.ts'
import { type ContainerContext, saveContainer } from './context.ts'
import { afterFailedStart, finishRun } from './finish-run.ts'
import { ioDirectory } from './paths.ts'
import { removeContainer } from './remove.ts'
import { startsWithEngine } from './restart-policy.ts'
import { removeFromContainerd, start } from './start.ts'

/** How a run ended that left no trace: its status is lost with the machine's state. */
const lostEnd = { exitStatus: 255 }

/**
 * Opens the streams of every container that ran when the engine before ended. It comes first of all: an end that is
 * reported meanwhile must find the output that belongs before it.
 */
export function reopenContainers(context: ContainerContext): void {
  for (const container of context.containers) {
    if (!container.hasProcess) continue
    container.io = reopenIo(context, container)
    container.running.resolve()
  }
}

/**
 * After the start of the engine: brings every container to what its task says. Running ones go on, with the output
 * they wrote meanwhile; what an interrupted start, end or removal left is completed or taken back.
 */
export async function recoverContainers(context: ContainerContext): Promise<void> {
  const tasks = new Map((await context.tasks.list()).map((task) => [taskId(task), task]))
  const all = [...context.containers]
  await context.network.restore(new Set(all.filter(({ hasProcess }) => hasProcess).map(({ id }) => id)))
  await Promise.all(all.map((container) => recover(context, container, tasks.get(container.id))))
}

/** After a gap in the event stream: ends that nobody reported are found out. */
export async function reconcileContainers(context: ContainerContext): Promise<void> {
  const before = [...context.containers].filter(({ hasProcess }) => hasProcess)
  if (before.length === 0) return
  const tasks = new Map((await context.tasks.list()).map((task) => [taskId(task), task]))
  for (const container of before) {
    const task = tasks.get(container.id)
    if (task === undefined || task.status === TaskStatus.STOPPED) {
      await finishRun(context, container, container.record.state.pid, endOf(task))
    }
  }
}

/** In lists the id of a task is in `id`, in replies about one task in `containerId`, depending on the version. */
function taskId(task: TaskProcess): string {
  return task.containerId || task.id
}

async function recover(context: ContainerContext, container: Container, task: TaskProcess | undefined): Promise<void> {
  try {
    if (container.hasProcess) await recoverRunning(context, container, task)
    else await recoverStopped(context, container, task)
  } catch (error) {
    context.log.error('a container could not be recovered', { container: container.id, error: messageOf(error) })
  }
}

async function recoverRunning(
  context: ContainerContext,
  container: Container,
  task: TaskProcess | undefined,
): Promise<void> {
  if (task === undefined || task.status === TaskStatus.STOPPED) {
    return finishRun(context, container, undefined, endOf(task))
  }
  const { state } = container.record
  state.pid = task.pid
  state.status = task.status === TaskStatus.PAUSED ? 'paused' : 'running'
  saveContainer(context, container, 'kept')
}

/** The FIFOs of a run that began before us. A machine that was restarted has none, and nothing to read either. */
function reopenIo(context: ContainerContext, container: Container): ProcessIo | undefined {
  const { config } = container.record
  const streams = { stdin: config.OpenStdin ?? false, stdout: true, stderr: !config.Tty }
  const directory = ioDirectory(context.settings, container.id)
  try {
    return ProcessIo.reopen(directory, fifoPaths(directory, streams), container.hub)
  } catch (error) {
    context.log.warn('the output of a container is lost', { container: container.id, error: messageOf(error) })
    return undefined
  }
}

async function recoverStopped(
  context: ContainerContext,
  container: Container,
  task: TaskProcess | undefined,
): Promise<void> {
  await container.turns.take(async () => {
    if (task) await removeFromContainerd(context, container.id)
    const { state, hostConfig } = container.record
    if (state.status === 'removing') state.status = 'dead'
    const leftOver = state.status === 'dead' || (hostConfig.AutoRemove && state.status === 'exited')
    if (leftOver) return removeContainer(context, container, { volumes: hostConfig.AutoRemove ?? false })
    const restarts = startsWithEngine(hostConfig.RestartPolicy ?? {}, state.stoppedByUser)
    if (state.status === 'restarting' || (state.status === 'exited' && restarts)) {
      await start(context, container, (failed) => afterFailedStart(context, failed))
    }
  })
}

function endOf(task: TaskProcess | undefined) {
  if (!task) return { ...lostEnd, exitedAt: nowNanoseconds() }
  return { exitStatus: task.exitStatus, exitedAt: nanosecondsOf(task.exitedAt) }
}
