// SPDX-License-Identifier: Apache-2.0
import {
  type ContainerdServices,
  type Envelope,
  nanosecondsOf,
  TaskExit,
  TaskOOM,
  typeNameOf,
} from '@teu/containerd-api'
import { isCancelled, messageOf } from '@teu/errors'
import type { Log } from '../log.ts'
import type { TaskEnd } from './task-client.ts'

/** What the engine wants to know of its tasks. */
export interface TaskObserver {
  /** A process has ended: the container's first one when `execId` equals its id or is empty. */
  exited(containerId: string, execId: string, pid: number, end: TaskEnd): void
  outOfMemory(containerId: string): void
  /** The stream has (re)started: what happened before it must be found out by asking. */
  connected(): void
}

/** How long to wait before the stream is opened again, in milliseconds; doubled up to the longest. */
const shortestPause = 50
const longestPause = 2000

/**
 * Follows the task events of a namespace until the signal is aborted. When containerd goes away the stream is opened
 * again as soon as it is back.
 */
export async function watchTasks(
  containerd: ContainerdServices,
  namespace: string,
  observer: TaskObserver,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const filters = [`namespace==${namespace},topic~=|^/tasks/|`]
  let pause = shortestPause
  while (!signal.aborted) {
    try {
      const stream = containerd.events.subscribe({ filters }, { signal })
      const iterator = stream[Symbol.asyncIterator]()
      const first = iterator.next()
      // Awaited below; until then its failure must not count as nobody's.
      first.catch(() => {})
      // A call that is answered after ours was sent tells that the stream is served: only then is asking safe.
      await containerd.version.version({}, { signal, timeoutMs: 10_000 })
      pause = shortestPause
      observer.connected()
      for (let item = await first; !item.done; item = await iterator.next()) deliver(item.value, observer)
    } catch (error) {
      if (signal.aborted || isCancelled(error)) return
      log.warn('the event stream of containerd broke', { error: messageOf(error) })
    }
    await sleep(pause, signal)
    pause = Math.min(pause * 2, longestPause)
  }
}

function deliver(envelope: Envelope, observer: TaskObserver): void {
  if (!envelope.event) return
  const type = typeNameOf(envelope.event)
  if (type === 'containerd.events.TaskExit') {
    const { containerId, id, pid, exitStatus, exitedAt } = TaskExit.decode(envelope.event.value)
    observer.exited(containerId, id === containerId ? '' : id, pid, { exitStatus, exitedAt: nanosecondsOf(exitedAt) })
  } else if (type === 'containerd.events.TaskOOM') {
    observer.outOfMemory(TaskOOM.decode(envelope.event.value).containerId)
  }
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds)
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
  })
}
