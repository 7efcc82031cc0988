// SPDX-License-Identifier: Apache-2.0
import type { Envelope } from '@teu/containerd-api'
import { StackError } from '@teu/errors'

/** How far a subscriber may be behind before it is dropped: in events, and in their bytes. */
const maximumBacklog = { events: 16_384, bytes: 8 * 1024 * 1024 } as const

/** About what an envelope takes besides its texts and its message, in bytes. */
const envelopeOverhead = 256

/** One reader of events, with what was published and it has not read yet. */
export class Subscriber {
  readonly filters: readonly string[]
  readonly #admits: (envelope: Envelope) => boolean
  readonly #backlog: Envelope[] = []
  #bytes = 0
  #ended = false
  #failure: unknown
  #wake: (() => void) | undefined

  constructor(admits: (envelope: Envelope) => boolean, filters: readonly string[]) {
    this.#admits = admits
    this.filters = filters
  }

  /**
   * False when the subscriber is too far behind, or its filters cannot judge the event: it gets no more. A single event
   * is never too large.
   */
  offer(envelope: Envelope): boolean {
    try {
      if (this.#admits(envelope)) this.#append(envelope)
    } catch (error) {
      this.#failure = error
    }
    this.#wake?.()
    return this.#failure === undefined
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  /**
   * Yields the offered events that the filters admit, in order. Fails where the first event is missing: with
   * `resource-exhausted` when the reader was too slow, and with the error of the filters when they could not judge it.
   */
  async *events(done: () => void): AsyncGenerator<Envelope, void, undefined> {
    try {
      for (;;) {
        for (let next = this.#take(); next !== undefined; next = this.#take()) yield next
        if (this.#failure !== undefined) throw this.#failure
        if (this.#ended) return
        const { promise, resolve } = Promise.withResolvers<void>()
        this.#wake = resolve
        await promise
      }
    } finally {
      done()
    }
  }

  #append(envelope: Envelope): void {
    const { length } = this.#backlog
    const bytes = this.#bytes + sizeOf(envelope)
    if (length >= maximumBacklog.events || (length > 0 && bytes > maximumBacklog.bytes)) throw tooSlow()
    this.#backlog.push(envelope)
    this.#bytes = bytes
  }

  #take(): Envelope | undefined {
    const envelope = this.#backlog.shift()
    if (envelope !== undefined) this.#bytes -= sizeOf(envelope)
    return envelope
  }
}

function sizeOf({ topic, namespace, event }: Envelope): number {
  const message = event === undefined ? 0 : event.typeUrl.length + event.value.length
  return envelopeOverhead + topic.length + namespace.length + message
}

function tooSlow(): StackError {
  const { events, bytes } = maximumBacklog
  return new StackError('resource-exhausted', `subscriber is more than ${events} events or ${bytes} bytes behind`)
}
