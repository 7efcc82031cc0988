// SPDX-License-Identifier: Apache-2.0
import {
  type Any,
  type Envelope,
  isIdentifier,
  parseFilters,
  timestampNow,
  validateIdentifier,
} from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import { type Logger, silentLogger } from '../log/logger.ts'
import { envelopeLookup } from './envelope-lookup.ts'
import { type EventFields, type EventType, packEvent } from './event-types.ts'
import { Subscriber } from './subscriber.ts'

/** What the daemon's own parts publish through. */
export interface EventPublisher {
  /** Publishes an event now. Never throws for what the daemon's own parts give it. */
  publish<T extends EventType>(namespace: string, topic: string, type: T, fields: EventFields<T>): void
}

/** A listener inside the daemon; it hears of every event before any subscriber does. */
export type EventListener = (envelope: Envelope) => void

/**
 * Where all events meet. Every subscriber sees the events that its filters admit, in the order in which they were
 * published, from the moment of its subscription. One that does not keep up is ended with an error, so that a
 * subscriber that lives has missed nothing.
 */
export class EventExchange implements EventPublisher {
  readonly #subscribers = new Set<Subscriber>()
  readonly #listeners: EventListener[] = []
  readonly #log: Logger

  /** `log` is told of every subscriber that is ended because it does not keep up. */
  constructor(log: Logger = silentLogger) {
    this.#log = log
  }

  publish<T extends EventType>(namespace: string, topic: string, type: T, fields: EventFields<T>): void {
    this.#deliver({ timestamp: timestampNow(), namespace, topic, event: packEvent(type, fields) })
  }

  /** Publishes a client's event. @throws `invalid-argument` for a malformed topic */
  publishAny(namespace: string, topic: string, event: Any | undefined): void {
    validateTopic(topic)
    this.#deliver({ timestamp: timestampNow(), namespace, topic, event })
  }

  /** Publishes an envelope as it is. @throws `invalid-argument` when it lacks a time, namespace or topic */
  forward(envelope: Envelope | undefined): void {
    if (envelope?.timestamp === undefined)
      throw new StackError('invalid-argument', 'timestamp must be set on forwarded event: invalid argument')
    validateIdentifier(envelope.namespace, 'event envelope has invalid namespace: ')
    validateTopic(envelope.topic)
    this.#deliver(envelope)
  }

  listen(listener: EventListener): void {
    this.#listeners.push(listener)
  }

  /**
   * The events from now on that any of `filters` admits.
   *
   * @throws `invalid-argument` for a malformed filter; the stream fails with `resource-exhausted` when its reader is
   * 16,384 events or 8 MiB of them behind, or an event has a field that is too long for a pattern of the filters
   */
  subscribe(filters: readonly string[], signal: AbortSignal | undefined): AsyncIterable<Envelope> {
    const filter = parseFilters(filters)
    const subscriber = new Subscriber((envelope) => filter.matches(envelopeLookup(envelope)), filters)
    // Registered at once and not with the first read: nothing may be missed in between.
    this.#subscribers.add(subscriber)
    const end = () => {
      this.#subscribers.delete(subscriber)
      subscriber.end()
    }
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted) end()
    return subscriber.events(() => {
      signal?.removeEventListener('abort', end)
      end()
    })
  }

  /** Ends every subscription: the daemon stops. */
  close(): void {
    for (const subscriber of this.#subscribers) subscriber.end()
    this.#subscribers.clear()
  }

  #deliver(envelope: Envelope): void {
    for (const listener of this.#listeners) listener(envelope)
    for (const subscriber of this.#subscribers) {
      if (subscriber.offer(envelope)) continue
      this.#subscribers.delete(subscriber)
      this.#log.warn(
        { filters: subscriber.filters.join(' ').slice(0, 256) },
        'a subscriber to events is ended: it does not keep up, or its filters cannot judge an event',
      )
    }
  }
}

function validateTopic(topic: string): void {
  const invalid = (why: string) =>
    new StackError('invalid-argument', `invalid topic ${JSON.stringify(topic.slice(0, 256))}: ${why}: invalid argument`)
  if (topic === '') throw invalid('must not be empty')
  if (!topic.startsWith('/')) throw invalid('must start with /')
  if (topic.length === 1) throw invalid('must have at least one component')
  for (const part of topic.slice(1).split('/'))
    if (!isIdentifier(part)) throw invalid(`component ${JSON.stringify(part)}`)
}
