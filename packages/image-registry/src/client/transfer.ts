// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '@teu/oci-spec/image'

/**
 * Something under way: the promise of its result, which also tells what happens on the way.
 *
 * ```ts no-run
 * const pulling = client.pull(reference, sink)
 * for await (const event of pulling) console.log(event.type)
 * const { root } = await pulling
 * ```
 *
 * Iterating ends with the transfer and throws what it fails with. A reader that is slow gets the newest `progress` of
 * each blob and misses those before it; nothing else is left out. Leaving the loop does not end the transfer: its signal
 * does. Each event is told once, whoever iterates.
 *
 * @public
 */
export interface Transfer<Event, Result> extends Promise<Result>, AsyncIterable<Event> {}

interface Told {
  type: string
  descriptor: Descriptor
}

/** Starts `run` and lets it tell. `listener` hears every event at once, unabridged. @internal */
export function startTransfer<Event extends Told, Result>(
  run: (tell: (event: Event) => void) => Promise<Result>,
  listener?: (event: Event) => void,
): Transfer<Event, Result> {
  const events = new Events<Event>()
  const promise = run((event) => {
    listener?.(event)
    events.push(event)
  }).finally(() => events.end())
  const iterate = () => {
    // Whoever iterates gets the failure there.
    promise.catch(() => {})
    return drain(events, promise)
  }
  return Object.assign(promise, { [Symbol.asyncIterator]: iterate })
}

async function* drain<Event extends Told>(
  events: Events<Event>,
  promise: Promise<unknown>,
): AsyncGenerator<Event, void, undefined> {
  for (let event = await events.next(); event !== undefined; event = await events.next()) yield event
  await promise
}

/** What has not been told yet; at most one `progress` of a blob, so that it is bounded whether anyone listens or not. */
class Events<Event extends Told> {
  readonly #waiting = new Set<Event>()
  readonly #progress = new Map<string, Event>()
  #ended = false
  #wake = Promise.withResolvers<void>()

  push(event: Event): void {
    if (event.type === 'progress') {
      const { digest } = event.descriptor
      const before = this.#progress.get(digest)
      if (before !== undefined) this.#waiting.delete(before)
      this.#progress.set(digest, event)
    }
    this.#waiting.add(event)
    this.#awake()
  }

  end(): void {
    this.#ended = true
    this.#awake()
  }

  #awake(): void {
    const { resolve } = this.#wake
    this.#wake = Promise.withResolvers()
    resolve()
  }

  async next(): Promise<Event | undefined> {
    for (;;) {
      for (const event of this.#waiting) {
        this.#waiting.delete(event)
        if (event.type === 'progress') this.#progress.delete(event.descriptor.digest)
        return event
      }
      if (this.#ended) return undefined
      await this.#wake.promise
    }
  }
}
