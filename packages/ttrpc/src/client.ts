// SPDX-License-Identifier: Apache-2.0
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { StackError } from '@teu/errors'
import { ClientCall } from './client-call.ts'
import { Connection } from './connection.ts'
import { startDeadline } from './deadline.ts'
import { encodeRequest } from './envelope.ts'
import { type Frame, frameFlag, frameType } from './frame.ts'
import type { CallOptions, MethodDefinition } from './service.ts'

/**
 * One connection to a ttrpc server. Any number of calls share it, and are answered in any order. When the connection
 * ends, every call in flight rejects with `unavailable`.
 *
 * @public
 */
export interface TtrpcClient {
  /** Calls a method that takes and gives one message. Rejects with the peer's status, as a `StackError`. */
  unary<Q, R>(service: string, method: MethodDefinition<Q, R>, request: Q, options?: CallOptions): Promise<R>
  /** Calls a method that streams in at least one direction. A method that answers once yields one message. */
  stream<Q, R>(
    service: string,
    method: MethodDefinition<Q, R>,
    requests: Q | AsyncIterable<Q>,
    options?: CallOptions,
  ): AsyncIterable<R>
  /** Settles when the connection has ended, with the cause when it did not end by {@link TtrpcClient.close}. Never rejects. */
  readonly closed: Promise<Error | undefined>
  /** Ends the connection; calls in flight reject with `unavailable`. */
  close(): void
  [Symbol.dispose](): void
}

/**
 * A client on `target`: a connected byte stream, or the address of a path socket (`unix:///run/x.sock` or the bare
 * path). An address is dialled at once, and calls wait for it; when nobody listens they reject with `unavailable`.
 * Abstract sockets are refused with `invalid-argument`.
 *
 * @public
 */
export function createTtrpcClient(target: Duplex | string): TtrpcClient {
  return new Client(typeof target === 'string' ? connect(socketPathOf(target)) : target)
}

/** The path of a `unix://` address or of a bare path. Anything else is `invalid-argument`. @public */
export function socketPathOf(address: string): string {
  const path = address.startsWith('unix://') ? address.slice('unix://'.length) : address
  if (!path.startsWith('/') || path.includes('\0')) {
    throw new StackError('invalid-argument', `not the address of a path socket: ${JSON.stringify(address)}`)
  }
  return path
}

class Client implements TtrpcClient {
  readonly closed: Promise<Error | undefined>
  readonly #connection: Connection
  readonly #calls = new Map<number, ClientCall>()
  #nextStreamId = 1
  #end: { cause: Error | undefined } | undefined

  constructor(stream: Duplex) {
    const { promise, resolve } = Promise.withResolvers<Error | undefined>()
    this.closed = promise
    this.#connection = new Connection(stream, {
      frame: (frame) => this.#receive(frame),
      closed: (cause) => {
        this.#end = { cause }
        for (const call of this.#calls.values()) call.fail(unavailable(cause))
        this.#calls.clear()
        resolve(cause)
      },
    })
  }

  unary<Q, R>(service: string, method: MethodDefinition<Q, R>, request: Q, options?: CallOptions): Promise<R> {
    const call = this.#open(service, method, method.requestType.encode(request).finish(), 0, options)
    return call.single(method.responseType)
  }

  stream<Q, R>(
    service: string,
    method: MethodDefinition<Q, R>,
    requests: Q | AsyncIterable<Q>,
    options?: CallOptions,
  ): AsyncIterable<R> {
    if (!method.requestStream) {
      const payload = method.requestType.encode(requests as Q).finish()
      return this.#open(service, method, payload, frameFlag.remoteClosed, options).messages(method.responseType)
    }
    const call = this.#open(service, method, new Uint8Array(), frameFlag.remoteOpen, options)
    void call.sendAll(requests as AsyncIterable<Q>, method.requestType, () => this.#drained())
    return call.messages(method.responseType)
  }

  close(): void {
    this.#connection.destroy()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #open(
    service: string,
    method: MethodDefinition,
    payload: Uint8Array,
    flags: number,
    options: CallOptions = {},
  ): ClientCall {
    const streamId = this.#nextStreamId
    const deadline = startDeadline(options.timeoutMs, options.signal)
    const call = new ClientCall(streamId, this.#connection, deadline, () => this.#calls.delete(streamId))
    if (deadline.signal.aborted) call.fail(deadline.signal.reason)
    else if (this.#end !== undefined) call.fail(unavailable(this.#end.cause))
    else if (streamId > 0xffff_fffe)
      call.fail(new StackError('resource-exhausted', 'this connection has no stream ids left'))
    else {
      const body = encodeRequest({
        service,
        method: method.name,
        payload,
        timeoutNano: BigInt(Math.ceil(options.timeoutMs ?? 0)) * 1_000_000n,
        metadata: options.metadata ?? {},
      })
      try {
        // Known before it is sent: a peer in the same process may answer before this returns.
        this.#nextStreamId += 2
        this.#calls.set(streamId, call)
        this.#connection.send(streamId, frameType.request, flags, body)
      } catch (error) {
        call.fail(error)
      }
    }
    return call
  }

  #receive(frame: Frame): void {
    // A frame for a call that was cancelled here finds nobody: ttrpc cannot tell the server to stop.
    this.#calls.get(frame.streamId)?.receive(frame)
  }

  async #drained(): Promise<void> {
    while (this.#end === undefined && this.#connection.unsentBytes > 0) await new Promise(setImmediate)
  }
}

function unavailable(cause: Error | undefined): StackError {
  const reason = cause === undefined ? '' : `: ${cause.message}`
  return new StackError('unavailable', `ttrpc: closed${reason}`, { cause })
}
