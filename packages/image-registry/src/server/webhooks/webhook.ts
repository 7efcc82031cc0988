// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises'
import { messageOf, StackError } from '@teu/errors'
import type { RegistryEvent, WebhookInit } from './webhook-init.ts'

/** The type of an envelope, as Docker's registry sends it. @internal */
export const eventsType = 'application/vnd.docker.distribution.events.v1+json'

const maximumBatch = 50
const maximumDelayMs = 60_000

/** What became of events. @internal */
export interface WebhookCounts {
  delivered: number
  failed: number
  dropped: number
  waiting: number
}

/**
 * Sends events to one receiver, in their order, up to 50 in an envelope. What cannot be sent is tried again, later and
 * later; what waits is bounded, and nobody who pushes or pulls ever waits for it.
 *
 * @internal
 */
export class Webhook {
  readonly counts: WebhookCounts = { delivered: 0, failed: 0, dropped: 0, waiting: 0 }
  readonly #init: WebhookInit & { queueSize: number; timeoutMs: number; retryDelayMs: number; attempts: number }
  readonly #url: URL
  readonly #onError: (error: unknown) => void
  readonly #queue: RegistryEvent[] = []
  readonly #ended = new AbortController()
  #sending: Promise<void> | undefined

  constructor(init: WebhookInit, onError: (error: unknown) => void) {
    const url = URL.parse(init.url)
    if (url === null || !/^https?:$/.test(url.protocol)) {
      throw new StackError('invalid-argument', `webhook ${JSON.stringify(init.url.slice(0, 128))} is no http url`)
    }
    this.#init = { queueSize: 1000, timeoutMs: 5_000, retryDelayMs: 1_000, attempts: 10, ...init }
    this.#url = url
    this.#onError = onError
  }

  /** Puts an event in the queue. */
  tell(event: RegistryEvent): void {
    if (this.#ended.signal.aborted || !(this.#init.actions?.includes(event.action) ?? true)) return
    this.#queue.push(event)
    if (this.#queue.length > this.#init.queueSize) {
      this.#queue.shift()
      this.counts.dropped++
    }
    this.counts.waiting = this.#queue.length
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined
    })
  }

  /** Waits for what is under way, up to a time, and gives the rest up. */
  async close(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#ended.abort(), graceMs)
    await this.#sending
    clearTimeout(timer)
    this.#ended.abort()
  }

  async #send(): Promise<void> {
    for (let attempt = 1; this.#queue.length > 0 && !this.#ended.signal.aborted; ) {
      const batch = this.#queue.slice(0, maximumBatch)
      try {
        await this.#post(batch)
        this.counts.delivered += batch.length
        this.#remove(batch)
        attempt = 1
      } catch (error) {
        if (attempt === 1)
          this.#onError(new StackError('unavailable', `webhook ${this.#url.origin}: ${messageOf(error)}`))
        if (attempt++ >= this.#init.attempts) {
          this.counts.failed += batch.length
          this.#remove(batch)
          attempt = 1
        } else await this.#pause(attempt - 2)
      }
    }
  }

  /** While a batch was under way, its oldest events may have been dropped. */
  #remove(batch: readonly RegistryEvent[]): void {
    const sent = new Set(batch)
    while (this.#queue[0] !== undefined && sent.has(this.#queue[0])) this.#queue.shift()
    this.counts.waiting = this.#queue.length
  }

  async #pause(doublings: number): Promise<void> {
    const full = Math.min(this.#init.retryDelayMs * 2 ** doublings, maximumDelayMs)
    const options = { signal: this.#ended.signal, ref: false }
    await delay(full * (0.5 + Math.random() / 2), undefined, options).catch(() => {})
  }

  async #post(events: readonly RegistryEvent[]): Promise<void> {
    const answer = await fetch(this.#url, {
      method: 'POST',
      headers: { ...this.#init.headers, 'content-type': eventsType },
      body: JSON.stringify({ events }),
      redirect: 'manual',
      signal: AbortSignal.any([AbortSignal.timeout(this.#init.timeoutMs), this.#ended.signal]),
    })
    await answer.body?.cancel()
    if (answer.status < 200 || answer.status > 299) throw new Error(`status ${answer.status}`)
  }
}
