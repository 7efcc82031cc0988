// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events'
import type { ClientDuplexStream, ClientReadableStream, ServiceError } from '@grpc/grpc-js'
import { cancelled } from '../call-context.ts'
import { errorFromGrpcStatus } from '../errors.ts'

/**
 * The messages of a streaming call, one at a time and no faster than they are taken. Leaving the loop, or aborting
 * the signal, cancels the call.
 */
export async function* readMessages<T>(
  open: () => Promise<ClientReadableStream<T> | ClientDuplexStream<unknown, T>>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  const call = await open()
  const abort = () => call.cancel()
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()
  // The iterator hears of an error by itself; a late one, after it is gone, must not end the process.
  call.on('error', () => {})
  try {
    for await (const message of call) yield message as T
  } catch (error) {
    if (signal?.aborted) throw cancelled(signal, error)
    throw typeof (error as ServiceError).code === 'number' ? errorFromGrpcStatus(error as ServiceError, error) : error
  } finally {
    signal?.removeEventListener('abort', abort)
    call.cancel()
  }
}

/** Sends the requests of a bidirectional call as the peer takes them; a source that fails cancels the call. */
export async function writeMessages<T>(call: ClientDuplexStream<T, unknown>, requests: AsyncIterable<T>) {
  const closed = new AbortController()
  call.once('close', () => closed.abort())
  try {
    for await (const request of requests) {
      if (closed.signal.aborted) return
      if (!call.write(request)) await once(call, 'drain', { signal: closed.signal })
    }
    call.end()
  } catch (error) {
    if (!closed.signal.aborted) call.destroy(error as Error)
    call.cancel()
  }
}
