// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { CgroupManager } from '@teu/linux'
import { requireCgroup } from '../container/pause.ts'
import type { SavedState, StateDirectory } from '../container/state-file.ts'
import { statusOf } from '../container/status.ts'
import type { ContainerEvent, ContainerStats, EventsOptions } from './container-event.ts'

const defaultIntervalMs = 5000

/** What a container has used so far. @internal */
export function containerStats(directory: StateDirectory, saved: SavedState): ContainerStats {
  return requireRunning(directory, saved).stats()
}

/**
 * Statistics at an interval and out-of-memory conditions in between. Ends when the container's cgroup is removed, on v2
 * also when its last process has ended; and rejects with the signal's reason when it fires.
 *
 * @internal
 */
export async function* watchEvents(
  directory: StateDirectory,
  saved: SavedState,
  { intervalMs = defaultIntervalMs, signal }: EventsOptions,
): AsyncGenerator<ContainerEvent> {
  if (!(intervalMs > 0)) throw new StackError('invalid-argument', 'duration interval must be greater than 0')
  const cgroup = requireRunning(directory, saved)
  const ended = new AbortController()
  const stop = signal ? AbortSignal.any([signal, ended.signal]) : ended.signal
  const queue = new EventQueue()
  const ooms = forwardOoms(cgroup, saved.id, queue, stop)
  const timer = setInterval(() => forwardStats(cgroup, saved.id, queue), intervalMs)
  try {
    yield* queue.drain(stop)
    signal?.throwIfAborted()
  } finally {
    clearInterval(timer)
    ended.abort()
    await ooms
  }
}

function requireRunning(directory: StateDirectory, saved: SavedState): CgroupManager {
  if (statusOf(directory, saved) === 'stopped') {
    throw new StackError('failed-precondition', `container with id ${saved.id} is not running`)
  }
  return requireCgroup(saved)
}

async function forwardOoms(cgroup: CgroupManager, id: string, queue: EventQueue, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of cgroup.oomEvents({ signal })) queue.push({ type: 'oom', id })
    queue.end()
  } catch (error) {
    queue.end(error)
  }
}

function forwardStats(cgroup: CgroupManager, id: string, queue: EventQueue): void {
  try {
    // Statistics that nobody has taken yet are replaced by later ones, not piled up.
    queue.push({ type: 'stats', id, data: cgroup.stats() }, (event) => event.type === 'stats')
  } catch (error) {
    queue.end(error)
  }
}

/** Events that wait for their reader: at most one of the statistics, and the out-of-memory conditions. */
class EventQueue {
  readonly #events: ContainerEvent[] = []
  #ended = false
  #failure: unknown
  #wake: (() => void) | undefined

  push(event: ContainerEvent, replaces: (event: ContainerEvent) => boolean = () => false): void {
    const old = this.#events.findIndex(replaces)
    if (old >= 0) this.#events.splice(old, 1)
    this.#events.push(event)
    this.#wake?.()
  }

  end(failure?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#failure = failure
    this.#wake?.()
  }

  async *drain(signal: AbortSignal): AsyncGenerator<ContainerEvent> {
    const wake = () => this.#wake?.()
    signal.addEventListener('abort', wake)
    try {
      while (!signal.aborted) {
        const event = this.#events.shift()
        if (event !== undefined) yield event
        else if (this.#failure !== undefined) throw this.#failure
        else if (this.#ended) return
        else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
        }
      }
    } finally {
      signal.removeEventListener('abort', wake)
    }
  }
}
