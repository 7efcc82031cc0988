// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Connection } from './connection.ts'
import type { Deadline } from './deadline.ts'
import { decodeResponse } from './envelope.ts'
import { type Frame, frameFlag, frameType, oversizedMessage } from './frame.ts'
import { MessageQueue } from './message-queue.ts'
import type { MessageCodec } from './service.ts'
import { errorOf } from './status.ts'

/** One call in flight at a client: its received payloads, as a queue that ends with the call. @internal */
export class ClientCall {
  readonly #streamId: number
  readonly #connection: Connection
  readonly #deadline: Deadline
  readonly #forget: () => void
  readonly #payloads: MessageQueue<Uint8Array>
  #ended = false

  constructor(streamId: number, connection: Connection, deadline: Deadline, forget: () => void) {
    this.#streamId = streamId
    this.#connection = connection
    this.#deadline = deadline
    this.#forget = forget
    this.#payloads = new MessageQueue({
      full: () => connection.hold(),
      drained: () => connection.release(),
      abandoned: () => this.#finish(),
    })
    deadline.signal.addEventListener('abort', () => this.fail(deadline.signal.reason), { once: true })
  }

  /** Ends the call with an error, unless it has ended. */
  fail(error: unknown): void {
    this.#finish(error)
  }

  /** Takes a frame of this stream. */
  receive(frame: Frame): void {
    if (frame.body === undefined) this.fail(oversizedMessage(frame.length))
    else if (frame.type === frameType.response) this.#respond(frame.body)
    else if (frame.type === frameType.data) {
      if ((frame.flags & frameFlag.noData) === 0) this.#payloads.push(frame.body)
      if ((frame.flags & frameFlag.remoteClosed) !== 0) this.#finish()
    }
  }

  /** The one message of a unary call. */
  async single<R>(codec: MessageCodec<R>): Promise<R> {
    for await (const message of this.messages(codec)) return message
    throw new StackError('internal', 'the peer ended the call without an answer')
  }

  /** All messages of a streaming call. Leaving the loop early cancels the call on this side. */
  async *messages<R>(codec: MessageCodec<R>): AsyncIterable<R> {
    for await (const payload of this.#payloads) yield decodeMessage(codec, payload)
  }

  /** Sends every request as a data frame, then ends this side. A failure of the source fails the call. */
  async sendAll<Q>(requests: AsyncIterable<Q>, codec: MessageCodec<Q>, drained: () => Promise<void>): Promise<void> {
    try {
      for await (const request of requests) {
        if (this.#ended) return
        this.#connection.send(this.#streamId, frameType.data, 0, codec.encode(request).finish())
        await drained()
      }
      if (this.#ended) return
      const flags = frameFlag.remoteClosed | frameFlag.noData
      this.#connection.send(this.#streamId, frameType.data, flags, new Uint8Array())
    } catch (error) {
      this.fail(error)
    }
  }

  #respond(body: Uint8Array): void {
    try {
      const { status, payload } = decodeResponse(body)
      if (status === undefined) this.#payloads.push(payload)
      this.#finish(status === undefined ? undefined : errorOf(status))
    } catch (error) {
      this.fail(new StackError('internal', 'the peer answered with bytes that are no response', { cause: error }))
    }
  }

  #finish(error?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#deadline.release()
    this.#forget()
    this.#payloads.end(error)
  }
}

function decodeMessage<R>(codec: MessageCodec<R>, payload: Uint8Array): R {
  try {
    return codec.decode(payload)
  } catch (error) {
    throw new StackError('internal', 'the peer answered with bytes that are not the expected message', { cause: error })
  }
}
