// SPDX-License-Identifier: Apache-2.0
import { codeOf, messageOf } from '@teu/errors'
import { type Envelope, EventsDefinition, namespaceMetadata, type TopicEvent, timestampNow } from '@teu/shim-api'
import { createTtrpcClient, type Service, type TtrpcClient, ttrpcClient } from '@teu/ttrpc'

/** How many events wait for a containerd that cannot be reached; when more come, the oldest are given up. @internal */
export const eventQueueLength = 2048

/** With as many events on their way to a containerd that can be reached, what would make more of them waits. @internal */
export const crowdedQueueLength = 512

/** How often an event is offered that containerd refuses, as opposed to one that cannot be brought to it. */
const attempts = 5
const callTimeoutMs = 5000
const longestPauseMs = 1000

/** What a publisher is made of. @internal */
export interface EventPublisherInit {
  readonly namespace: string
  /** Where containerd's ttrpc server listens. */
  readonly address: string
  log(message: string): void
}

interface Waiting {
  readonly envelope: Envelope
  readonly delivered: (delivered: boolean) => void
  refusals: number
}

/**
 * Brings events to containerd in the order in which they were published, one after the other. While containerd cannot
 * be reached they wait; each is marked with the time at which it was published.
 *
 * @internal
 */
export class EventPublisher {
  readonly #init: EventPublisherInit
  readonly #queue: Waiting[] = []
  #connection: { client: TtrpcClient; events: Service<typeof EventsDefinition> } | undefined
  #working = false
  #closed = false
  #pause: { timer: NodeJS.Timeout; end: () => void } | undefined
  #idle: (() => void)[] = []
  /** Since the last event was taken, containerd could not be reached. */
  #unreachable = false
  #forRoom = new Set<() => void>()

  constructor(init: EventPublisherInit) {
    this.#init = init
  }

  /** Queues an event. Resolves, never rejects: true when containerd has taken it, false when it was given up. */
  publish({ topic, event }: TopicEvent): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const envelope = { timestamp: timestampNow(), namespace: this.#init.namespace, topic, event }
    this.#queue.push({ envelope, delivered: resolve, refusals: 0 })
    this.#bound()
    if (!this.#working) void this.#work()
    return promise
  }

  /**
   * Waits until a containerd that is slow has taken most of what was published: no event is given up while it can be
   * reached, so that those who make events have to wait. Does not wait for one that cannot be reached. Rejects with the
   * signal's reason.
   */
  async room(signal?: AbortSignal): Promise<void> {
    while (!this.#hasRoom()) {
      signal?.throwIfAborted()
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#forRoom.add(resolve)
      signal?.addEventListener('abort', () => resolve(), { once: true })
      await promise
      this.#forRoom.delete(resolve)
    }
  }

  /** Waits up to `graceMs` for the queue to empty, then gives up what is left. */
  async close(graceMs: number): Promise<void> {
    if (this.#working && graceMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs)
        this.#idle.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
    this.#closed = true
    this.#tellRoom()
    this.#pause?.end()
    this.#drop(this.#queue.length)
    this.#connection?.client.close()
  }

  async #work(): Promise<void> {
    this.#working = true
    let pauseMs = 10
    for (let first = this.#queue[0]; first !== undefined && !this.#closed; first = this.#queue[0]) {
      if (await this.#forward(first)) {
        pauseMs = 10
        continue
      }
      await this.#wait(pauseMs)
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    }
    this.#working = false
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** Whether the event is off the queue. */
  async #forward(first: Waiting): Promise<boolean> {
    const { namespace, address } = this.#init
    try {
      this.#connection ??= connect(address)
      const options = { timeoutMs: callTimeoutMs, metadata: namespaceMetadata(namespace) }
      await this.#connection.events.forward({ envelope: first.envelope }, options)
      this.#settle(first, true)
      return true
    } catch (error) {
      const code = codeOf(error)
      if (code === 'unavailable' || code === 'deadline-exceeded') {
        this.#connection?.client.close()
        this.#connection = undefined
        this.#unreachable = true
        this.#bound()
        this.#tellRoom()
        return false
      }
      this.#init.log(`containerd refused ${first.envelope.topic}: ${messageOf(error)}`)
      if (++first.refusals < attempts) return false
      this.#settle(first, false)
      return true
    }
  }

  #hasRoom(): boolean {
    return this.#closed || this.#unreachable || this.#queue.length < crowdedQueueLength
  }

  #tellRoom(): void {
    if (this.#hasRoom()) for (const resolve of this.#forRoom) resolve()
  }

  #settle(first: Waiting, delivered: boolean): void {
    if (this.#queue[0] === first) this.#queue.shift()
    this.#unreachable = false
    this.#tellRoom()
    first.delivered(delivered)
  }

  #bound(): void {
    if (this.#unreachable && this.#queue.length > eventQueueLength) this.#drop(this.#queue.length - eventQueueLength)
  }

  #drop(count: number): void {
    for (const { delivered } of this.#queue.splice(0, count)) delivered(false)
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        this.#pause = undefined
        resolve()
      }
      const timer = setTimeout(end, ms)
      this.#pause = { timer, end }
    })
  }
}

function connect(address: string) {
  const client = createTtrpcClient(address)
  return { client, events: ttrpcClient(EventsDefinition, client) }
}
