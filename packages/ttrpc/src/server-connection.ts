// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream'
import { messageOf, StackError } from '@teu/errors'
import { Connection } from './connection.ts'
import { decodeRequest, encodeResponse, type RequestEnvelope } from './envelope.ts'
import { type Frame, frameFlag, frameType, oversizedMessage } from './frame.ts'
import { unsentBytesLimit } from './limits.ts'
import type { ServedMethod } from './server.ts'
import { ServerCall } from './server-call.ts'
import { statusOf } from './status.ts'

/** What a connection needs from its server. @internal */
export interface ServerConnectionInit {
  readonly services: ReadonlyMap<string, ReadonlyMap<string, ServedMethod>>
  readonly maximumConcurrentCalls: number
  closed(): void
}

/** The server's end of one connection: hands requests to handlers, and answers bad frames without ending. @internal */
export class ServerConnection {
  readonly #init: ServerConnectionInit
  readonly #connection: Connection
  readonly #calls = new Map<number, ServerCall>()
  #lastStreamId = 0
  #held = false
  #idle: (() => void)[] = []

  constructor(stream: Duplex, init: ServerConnectionInit) {
    this.#init = init
    this.#connection = new Connection(stream, {
      frame: (frame) => this.#receive(frame),
      drained: () => this.#resume(),
      closed: () => {
        const gone = new StackError('cancelled', 'context canceled')
        for (const call of this.#calls.values()) call.cancel(gone)
        this.#calls.clear()
        this.#settleIdle()
        init.closed()
      },
    })
  }

  /** Resolves when no call is in flight. */
  idle(): Promise<void> {
    if (this.#calls.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  destroy(): void {
    this.#connection.destroy()
  }

  #receive(frame: Frame): void {
    const { streamId } = frame
    if (frame.body === undefined) this.#refuse(streamId, oversizedMessage(frame.length))
    else if (streamId % 2 !== 1) {
      this.#refuse(streamId, invalid('StreamID must be odd for client initiated streams'))
    } else if (frame.type === frameType.data) this.#receiveData(frame, frame.body)
    else if (frame.type === frameType.request) this.#receiveRequest(frame, frame.body)
    // Other types are reserved for later versions of the protocol, which lets a peer send them to anyone.
  }

  #receiveData(frame: Frame, body: Uint8Array): void {
    const call = this.#calls.get(frame.streamId)
    // A call that was asked whole takes no more: kept for it, the data would wait as long as it does.
    if (call === undefined || !call.takesData) {
      this.#refuse(frame.streamId, invalid('StreamID is no longer active'))
      return
    }
    const ends = (frame.flags & frameFlag.remoteClosed) !== 0
    const empty = (frame.flags & frameFlag.noData) !== 0
    if (empty && body.length > 0) call.fail(invalid('data close message cannot include data'))
    else call.receive(empty ? undefined : body, ends)
  }

  #receiveRequest(frame: Frame, body: Uint8Array): void {
    if (frame.streamId <= this.#lastStreamId) {
      this.#refuse(frame.streamId, invalid('StreamID cannot be re-used and must increment'))
      return
    }
    this.#lastStreamId = frame.streamId
    try {
      const request = readRequest(body)
      this.#start(frame, request, this.#find(request))
    } catch (error) {
      this.#refuse(frame.streamId, error)
    }
  }

  #find(request: RequestEnvelope): ServedMethod {
    const methods = this.#init.services.get(request.service)
    if (methods === undefined) throw new StackError('not-implemented', `service ${request.service}`)
    const method = methods.get(request.method)
    if (method === undefined) throw new StackError('not-implemented', `method ${request.method}`)
    if (this.#calls.size >= this.#init.maximumConcurrentCalls) {
      throw new StackError('resource-exhausted', `${this.#calls.size} calls are in flight on this connection`)
    }
    return method
  }

  #start(frame: Frame, request: RequestEnvelope, method: ServedMethod): void {
    const call = new ServerCall(frame.streamId, this.#connection, method, request)
    this.#calls.set(frame.streamId, call)
    void call.run((frame.flags & frameFlag.remoteOpen) !== 0).finally(() => {
      this.#calls.delete(frame.streamId)
      if (this.#calls.size === 0) this.#settleIdle()
      this.#throttle()
    })
  }

  #refuse(streamId: number, error: unknown): void {
    const body = encodeResponse({ status: statusOf(error), payload: new Uint8Array() })
    this.#connection.send(streamId, frameType.response, 0, body)
    this.#throttle()
  }

  /** A peer that asks but never reads its answers is read no further: its answers stay bounded. */
  #throttle(): void {
    if (this.#held || this.#connection.unsentBytes < unsentBytesLimit) return
    this.#held = true
    this.#connection.hold()
  }

  #resume(): void {
    if (!this.#held) return
    this.#held = false
    this.#connection.release()
  }

  #settleIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}

function readRequest(body: Uint8Array): RequestEnvelope {
  try {
    return decodeRequest(body)
  } catch (error) {
    throw new StackError('invalid-argument', `unmarshal request error: ${messageOf(error)}`, { cause: error })
  }
}

function invalid(message: string): StackError {
  return new StackError('invalid-argument', message)
}
