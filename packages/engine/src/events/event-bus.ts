// SPDX-License-Identifier: Apache-2.0
import type { EventMessage, EventType } from '@teu/engine-api'
import { nowNanoseconds } from '../clock.ts'

/** An event as it is kept: with its exact time. */
export interface EngineEvent {
  readonly type: EventType
  readonly action: string
  readonly id: string
  readonly attributes: Readonly<Record<string, string>>
  readonly nanoseconds: bigint
}

/** How many past events can be replayed, as in the original. */
const kept = 256

/** How much of past events is kept at most, in characters: labels may be long. */
const keptCharacters = 4 << 20

/** How far a reader may fall behind before it is cut off, in events and in characters: its memory is the engine's. */
const maximumBacklog = 4096
const maximumBacklogCharacters = 16 << 20

/** The events of one engine. */
export interface EventBus {
  publish(type: EventType, action: string, id: string, attributes?: Readonly<Record<string, string>>): void
  /**
   * Past events from `since` on, then, to follow, new ones until the signal is aborted, in order and each once. A
   * reader that falls too far behind gets its stream ended.
   */
  subscribe(options: SubscribeOptions): AsyncIterable<EngineEvent>
  readonly subscribers: number
}

/** Which events to read. */
export interface SubscribeOptions {
  since?: bigint | undefined
  follow: boolean
  signal: AbortSignal
}

interface Subscriber {
  queue: EventQueue
  wake: () => void
  overflowed: boolean
}

/** Events in their order, and how much they are. */
class EventQueue {
  readonly events: EngineEvent[] = []
  characters = 0

  push(event: EngineEvent): void {
    this.events.push(event)
    this.characters += sizeOf(event)
  }

  shift(): EngineEvent | undefined {
    const event = this.events.shift()
    if (event) this.characters -= sizeOf(event)
    return event
  }
}

function sizeOf({ action, id, attributes }: EngineEvent): number {
  let size = action.length + id.length
  for (const [key, value] of Object.entries(attributes)) size += key.length + value.length
  return size
}

/** A bus that keeps the last 256 events in memory, or fewer when they are long. */
export function createEventBus(): EventBus {
  const past = new EventQueue()
  const subscribers = new Set<Subscriber>()
  return {
    get subscribers() {
      return subscribers.size
    },
    publish(type, action, id, attributes = {}) {
      const event = { type, action, id, attributes, nanoseconds: nowNanoseconds() }
      past.push(event)
      while (past.events.length > kept || (past.characters > keptCharacters && past.events.length > 1)) past.shift()
      for (const subscriber of subscribers) {
        const { events, characters } = subscriber.queue
        subscriber.overflowed ||= events.length >= maximumBacklog || characters >= maximumBacklogCharacters
        // After the first that is missing it gets none: a reader must not take a gap for the whole.
        if (!subscriber.overflowed) subscriber.queue.push(event)
        subscriber.wake()
      }
    },
    subscribe({ since, follow, signal }) {
      // Registered before the first read, so that nothing falls between a subscription and its first pull.
      const subscriber: Subscriber = { queue: new EventQueue(), wake() {}, overflowed: false }
      if (since !== undefined) {
        for (const event of past.events) if (event.nanoseconds >= since) subscriber.queue.push(event)
      }
      subscribers.add(subscriber)
      const leave = () => {
        subscribers.delete(subscriber)
        subscriber.wake()
      }
      signal.addEventListener('abort', leave, { once: true })
      return drain(subscriber, follow, signal, leave)
    },
  }
}

async function* drain(
  subscriber: Subscriber,
  follow: boolean,
  signal: AbortSignal,
  leave: () => void,
): AsyncGenerator<EngineEvent> {
  try {
    while (!signal.aborted) {
      const event = subscriber.queue.shift()
      if (event) yield event
      else if (subscriber.overflowed || !follow) return
      else {
        await new Promise<void>((resolve) => {
          subscriber.wake = resolve
          if (signal.aborted || subscriber.queue.events.length > 0) resolve()
        })
      }
    }
  } finally {
    signal.removeEventListener('abort', leave)
    leave()
  }
}

/** The line of an event. The exact nanoseconds do not fit a double, so the line is put together by hand. */
export function encodeEvent(event: EngineEvent): string {
  const { type, action, id, attributes, nanoseconds } = event
  const legacy: Partial<EventMessage> =
    type === 'container'
      ? { status: action, id, ...(attributes['image'] ? { from: attributes['image'] } : {}) }
      : type === 'image'
        ? { status: action, id }
        : {}
  const sorted = Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)))
  const body = { ...legacy, Type: type, Action: action, Actor: { ID: id, Attributes: sorted }, scope: 'local' }
  const time = `"time":${nanoseconds / 1_000_000_000n},"timeNano":${nanoseconds}`
  return `${JSON.stringify(body).slice(0, -1)},${time}}\n`
}
