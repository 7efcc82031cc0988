// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { ContainerDelete, type Envelope } from '@teu/containerd-api'
import type { Wire, WireStream } from './wire.ts'

const mark = '/conformance/mark'

/** What a subscription has brought so far. */
export class EventLog implements Disposable {
  readonly #stream: WireStream<Envelope>
  readonly #envelopes: Envelope[] = []
  #marked = false
  failure: Error | undefined

  private constructor(stream: WireStream<Envelope>) {
    this.#stream = stream
    stream.on('data', (envelope: Envelope) => {
      if (envelope.topic === mark) this.#marked = true
      else this.#envelopes.push(envelope)
    })
    stream.on('error', (error) => {
      this.failure = error
    })
  }

  /**
   * Subscribes with filters. A subscription says nothing when it begins, so events of no other meaning are published
   * until one comes through.
   */
  static async open(calls: Wire, filters: readonly string[] = []): Promise<EventLog> {
    const marked = filters.length === 0 ? [] : [...filters, `topic=="${mark}"`]
    const log = new EventLog(calls.events.subscribe({ filters: marked }))
    const event = {
      typeUrl: 'containerd.events.ContainerDelete',
      value: ContainerDelete.encode({ id: 'mark' }).finish(),
    }
    await log.until('the subscription begins', async () => {
      await calls.events.publish({ topic: mark, event })
      await delay(5)
      return log.#marked
    })
    return log
  }

  /** The events so far. */
  get envelopes(): readonly Envelope[] {
    return this.#envelopes
  }

  /** The topics so far. */
  get topics(): string[] {
    return this.#envelopes.map(({ topic }) => topic)
  }

  /** Waits for a condition; fails with what has come after ten seconds. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    for (const end = performance.now() + 10_000; !(await condition()); await delay(10)) {
      if (this.failure) throw this.failure
      assert.ok(performance.now() < end, `no end of waiting until ${what}; events: ${this.topics.join(' ')}`)
    }
  }

  /** Waits for as many events as `topics` names; they must be those, in this order. */
  async expect(topics: readonly string[]): Promise<void> {
    await this.until(`${topics.length} events came`, () => this.#envelopes.length >= topics.length)
    assert.deepEqual(this.topics, topics)
  }

  [Symbol.dispose](): void {
    this.#stream.cancel()
  }
}
