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

/** How far a reader may fall behind before it is cut off, in events and in characters of them: its memory is the engine's. */
const maximumBacklog = { events: 4096, characters: 4 * 1024 * 1024 } as const

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
  queue: EngineEvent[]
  characters: number
  wake: () => void
  overflowed: boolean
}

/** A bus that keeps the last 256 events in memory. */
export function createEventBus(): EventBus {
  const past: EngineEvent[] = []
  const subscribers = new Set<Subscriber>()
  return {
    get subscribers() {
      return subscribers.size
    },
    publish(type, action, id, attributes = {}) {
      const event = { type, action, id, attributes, nanoseconds: nowNanoseconds() }
      past.push(event)
      if (past.length > kept) past.shift()
      for (const subscriber of subscribers) {
        subscriber.overflowed ||= !push(subscriber, event)
        subscriber.wake()
      }
    },
    subscribe({ since, follow, signal }) {
      // Registered before the first read, so that nothing falls between a subscription and its first pull.
      const subscriber: Subscriber = { queue: [], characters: 0, wake() {}, overflowed: false }
      // These are kept in any case, and few.
      if (since !== undefined) subscriber.queue.push(...past.filter((event) => event.nanoseconds >= since))
      for (const event of subscriber.queue) subscriber.characters += sizeOf(event)
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

/** False when the subscriber is too far behind. A single event is never too large. */
function push(subscriber: Subscriber, event: EngineEvent): boolean {
  const characters = subscriber.characters + sizeOf(event)
  const { length } = subscriber.queue
  if (length >= maximumBacklog.events || (length > 0 && characters > maximumBacklog.characters)) return false
  subscriber.queue.push(event)
  subscriber.characters = characters
  return true
}

function sizeOf({ action, id, attributes }: EngineEvent): number {
  let size = action.length + id.length
  for (const [name, value] of Object.entries(attributes)) size += name.length + value.length
  return size
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
      if (event) subscriber.characters -= sizeOf(event)
      if (event) yield event
      else if (subscriber.overflowed || !follow) return
      else {
        await new Promise<void>((resolve) => {
          subscriber.wake = resolve
          if (signal.aborted || subscriber.queue.length > 0) resolve()
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
