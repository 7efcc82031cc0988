// SPDX-License-Identifier: Apache-2.0
import type * as Grpc from '@grpc/grpc-js'
import { StackError } from '@teu/errors'
import type { CallOptions, MethodDefinition } from '@teu/ttrpc'
import { cancelled, sentMetadata } from '../call-context.ts'
import { errorFromGrpcStatus } from '../errors.ts'
import { readMessages, writeMessages } from './streams.ts'

/** What a proxy needs of its connection. */
export interface Channel {
  readonly metadata: Readonly<Record<string, string>>
  open(): Promise<{ grpc: typeof Grpc; client: Grpc.Client | undefined }>
}

interface Prepared {
  client: Grpc.Client
  metadata: Grpc.Metadata
  callOptions: Grpc.CallOptions
}

async function prepare(channel: Channel, options: CallOptions): Promise<Prepared> {
  if (options.signal?.aborted) throw cancelled(options.signal)
  const { grpc, client } = await channel.open()
  if (client === undefined) throw new StackError('unavailable', 'the connection to containerd is closed')
  const metadata = new grpc.Metadata()
  const sent = { ...sentMetadata(channel.metadata), ...sentMetadata(options.metadata) }
  for (const [key, value] of Object.entries(sent)) metadata.set(key, value)
  const callOptions: Grpc.CallOptions =
    options.timeoutMs === undefined ? {} : { deadline: Date.now() + options.timeoutMs }
  return { client, metadata, callOptions }
}

/** One method of a proxy: a function of the request and the options, in the shape that its definition asks for. */
export function callMethod(channel: Channel, path: string, method: MethodDefinition) {
  const serialize = (message: unknown) => Buffer.from(method.requestType.encode(message).finish())
  const deserialize = (bytes: Buffer) => method.responseType.decode(bytes)
  if (!method.requestStream && !method.responseStream)
    return async (request: unknown, options: CallOptions = {}) => {
      const { client, metadata, callOptions } = await prepare(channel, options)
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      const call = client.makeUnaryRequest(path, serialize, deserialize, request, metadata, callOptions, (e, value) =>
        e ? reject(errorFromGrpcStatus(e, e)) : resolve(value),
      )
      return untilAborted(promise, call, options.signal)
    }
  if (!method.requestStream)
    return (request: unknown, options: CallOptions = {}) =>
      readMessages(async () => {
        const { client, metadata, callOptions } = await prepare(channel, options)
        return client.makeServerStreamRequest(path, serialize, deserialize, request, metadata, callOptions)
      }, options.signal)
  if (!method.responseStream) throw new StackError('internal', `${path}: client streams are not part of this API`)
  return (requests: AsyncIterable<unknown>, options: CallOptions = {}) =>
    readMessages(async () => {
      const { client, metadata, callOptions } = await prepare(channel, options)
      const call = client.makeBidiStreamRequest(path, serialize, deserialize, metadata, callOptions)
      void writeMessages(call, requests)
      return call
    }, options.signal)
}

async function untilAborted<T>(promise: Promise<T>, call: { cancel(): void }, signal: AbortSignal | undefined) {
  if (signal === undefined) return promise
  const abort = () => call.cancel()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await promise
  } catch (error) {
    throw signal.aborted ? cancelled(signal, error) : error
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
