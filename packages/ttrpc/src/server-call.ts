// SPDX-License-Identifier: Apache-2.0
import { messageOf, StackError } from '@teu/errors'
import type { Connection } from './connection.ts'
import { type Deadline, startDeadline } from './deadline.ts'
import { encodeResponse, type RequestEnvelope } from './envelope.ts'
import { frameFlag, frameType } from './frame.ts'
import { unsentBytesLimit } from './limits.ts'
import { MessageQueue } from './message-queue.ts'
import type { ServedMethod } from './server.ts'
import type { MessageCodec } from './service.ts'
import { statusOf } from './status.ts'

/** One call in flight at a server. @internal */
export class ServerCall {
  readonly #streamId: number
  readonly #connection: Connection
  readonly #method: ServedMethod
  readonly #request: RequestEnvelope
  readonly #deadline: Deadline
  readonly #requests: MessageQueue<Uint8Array>
  #answered = false

  constructor(streamId: number, connection: Connection, method: ServedMethod, request: RequestEnvelope) {
    this.#streamId = streamId
    this.#connection = connection
    this.#method = method
    this.#request = request
    this.#deadline = startDeadline(timeoutMs(request))
    this.#requests = new MessageQueue({
      full: () => connection.hold(),
      drained: () => connection.release(),
      abandoned: () => {},
    })
  }

  /** Whether its method has a stream of requests. */
  get takesData(): boolean {
    return this.#method.definition.requestStream
  }

  /** Takes a message of the request stream, or its end. */
  receive(message: Uint8Array | undefined, ends: boolean): void {
    if (message !== undefined) this.#requests.push(message)
    if (ends) this.#requests.end()
  }

  /** Answers with an error and aborts the handler. */
  fail(error: StackError): void {
    this.#answerError(error)
    this.cancel(error)
  }

  /** Aborts the handler: nobody waits for its answer. */
  cancel(reason: StackError): void {
    this.#requests.end(reason)
    this.#deadline.abort(reason)
  }

  /** Runs the handler to its end and sends what it gives. Never rejects. `open` says that requests follow as data. */
  async run(open: boolean): Promise<void> {
    const { definition, handle } = this.#method
    try {
      const request = this.#readRequest(open)
      const options = {
        signal: this.#deadline.signal,
        timeoutMs: timeoutMs(this.#request),
        metadata: this.#request.metadata,
      }
      const result = handle(request, options)
      if (definition.responseStream) await this.#sendStream(result as AsyncIterable<unknown>)
      else this.#answer(definition.responseType.encode(await result).finish())
    } catch (error) {
      this.#answerError(error)
    } finally {
      this.#deadline.release()
      this.#requests.end()
    }
  }

  #readRequest(open: boolean): unknown {
    const { definition } = this.#method
    const { payload } = this.#request
    if (!definition.requestStream) return decodeMessage(definition.requestType, payload)
    if (payload.length > 0) this.#requests.push(payload)
    if (!open) this.#requests.end()
    return decodeAll(definition.requestType, this.#requests)
  }

  async #sendStream(messages: AsyncIterable<unknown>): Promise<void> {
    const codec = this.#method.definition.responseType
    for await (const message of messages) {
      if (this.#answered || this.#deadline.signal.aborted) throw this.#deadline.signal.reason
      this.#connection.send(this.#streamId, frameType.data, 0, codec.encode(message).finish())
      while (this.#connection.unsentBytes > unsentBytesLimit && !this.#deadline.signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    if (this.#answered) return
    this.#answered = true
    this.#connection.send(this.#streamId, frameType.data, frameFlag.remoteClosed | frameFlag.noData, new Uint8Array())
  }

  #answer(payload: Uint8Array): void {
    if (this.#answered) return
    const body = encodeResponse({ status: undefined, payload })
    this.#connection.send(this.#streamId, frameType.response, 0, body)
    this.#answered = true
  }

  #answerError(error: unknown): void {
    if (this.#answered) return
    this.#answered = true
    const body = encodeResponse({ status: statusOf(error), payload: new Uint8Array() })
    this.#connection.send(this.#streamId, frameType.response, 0, body)
  }
}

function timeoutMs(request: RequestEnvelope): number | undefined {
  return request.timeoutNano === 0n ? undefined : Number(request.timeoutNano) / 1e6
}

function decodeMessage<T>(codec: MessageCodec<T>, payload: Uint8Array): T {
  try {
    return codec.decode(payload)
  } catch (error) {
    throw new StackError('invalid-argument', `unmarshal request error: ${messageOf(error)}`, { cause: error })
  }
}

async function* decodeAll<T>(codec: MessageCodec<T>, payloads: AsyncIterable<Uint8Array>): AsyncIterable<T> {
  for await (const payload of payloads) yield decodeMessage(codec, payload)
}
