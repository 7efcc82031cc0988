// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import {
  type Envelope,
  EventsDefinition,
  TaskCreate,
  TaskDelete,
  TaskExecAdded,
  TaskExecStarted,
  TaskExit,
  TaskOOM,
  TaskPaused,
  TaskResumed,
  TaskStart,
} from '@teu/shim-api'
import { createTtrpcServer, type TtrpcServer } from '@teu/ttrpc'
import { until } from '../container/waiting.ts'

/** The fields of a task's event, each of them in some of the events only. */
export interface TaskEvent {
  /** The topic without `/tasks/`. */
  name: string
  namespace: string
  containerId: string
  /** The process of an exit or a deletion; the container's id for its first. */
  id?: string
  execId?: string
  pid?: number
  exitStatus?: number
}

const kinds: Record<string, [type: string, codec: { decode(bytes: Uint8Array): { containerId: string } }]> = {
  create: ['TaskCreate', TaskCreate],
  start: ['TaskStart', TaskStart],
  exit: ['TaskExit', TaskExit],
  delete: ['TaskDelete', TaskDelete],
  oom: ['TaskOOM', TaskOOM],
  paused: ['TaskPaused', TaskPaused],
  resumed: ['TaskResumed', TaskResumed],
  'exec-added': ['TaskExecAdded', TaskExecAdded],
  'exec-started': ['TaskExecStarted', TaskExecStarted],
}

/** containerd's side of the events: an Events service over ttrpc that keeps what it is told. */
export class EventReceiver {
  readonly #server: TtrpcServer = createTtrpcServer()
  readonly #events: TaskEvent[] = []
  /** Envelopes that are not as they should be. */
  readonly faults: string[] = []

  async listen(path: string): Promise<void> {
    this.#server.add(EventsDefinition, {
      forward: async ({ envelope }) => {
        this.#take(envelope)
        return {}
      },
    })
    await this.#server.listen(path)
  }

  /** The events of one container so far. */
  of(containerId: string): TaskEvent[] {
    return this.#events.filter((event) => event.containerId === containerId)
  }

  /** Their names so far. */
  names(containerId: string): string[] {
    return this.of(containerId).map(({ name }) => name)
  }

  /** Waits for as many events of a container as there are names; they must be those, in this order. */
  async expect(containerId: string, names: readonly string[]): Promise<TaskEvent[]> {
    await until(`${names.join(', ')} of ${containerId}`, () => this.of(containerId).length >= names.length).catch(
      () => {},
    )
    assert.deepEqual(this.names(containerId), names)
    assert.deepEqual(this.faults, [])
    return this.of(containerId)
  }

  close(): Promise<void> {
    return this.#server.close()
  }

  #take(envelope: Envelope | undefined): void {
    const { topic = '', namespace = '', event, timestamp } = envelope ?? {}
    const name = topic.replace(/^\/tasks\//, '')
    const [type, codec] = kinds[name] ?? []
    if (!event || !timestamp || !codec || event.typeUrl !== `containerd.events.${type}`)
      this.faults.push(`topic ${topic}, type ${event?.typeUrl}, timestamp ${timestamp?.seconds}`)
    else this.#events.push({ name, namespace, ...codec.decode(event.value) })
  }
}
