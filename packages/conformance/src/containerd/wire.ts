// SPDX-License-Identifier: Apache-2.0
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import type { serviceDefinitions } from '@teu/containerd-api'
import type { MessageCodec, MethodDefinition, ServiceDefinition } from '@teu/ttrpc'
import type { Draft } from '../harness/draft.ts'

type Message<Codec> = Codec extends MessageCodec<infer T> ? T : never

type Method<M extends MethodDefinition> = M['requestStream'] extends true
  ? () => WireStream<Message<M['responseType']>, Draft<Message<M['requestType']>>>
  : M['responseStream'] extends true
    ? (request?: Draft<Message<M['requestType']>>) => WireStream<Message<M['responseType']>>
    : (request?: Draft<Message<M['requestType']>>) => Promise<Message<M['responseType']>>

/** A stream of answers, and of requests where the method has such. */
export interface WireStream<Answer, Request = never> extends AsyncIterable<Answer> {
  on(event: 'data', listener: (answer: Answer) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  write(request: Request): unknown
  cancel(): void
}

/** A service as its definition describes it, called straight through gRPC. */
export type WireService<D extends ServiceDefinition> = { [K in keyof D['methods']]: Method<D['methods'][K]> }

/** All services of a containerd, each call with the same metadata. */
export type Wire = { [K in keyof typeof serviceDefinitions]: WireService<(typeof serviceDefinitions)[K]> }

const messageLimit = 16 * 1024 * 1024
/** How long a unary call may take, in milliseconds. */
export const deadlineMs = 20_000

/** A gRPC connection to a socket. */
export function dial(address: string): Client {
  return new Client(address.includes('://') ? address : `unix://${address}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': messageLimit,
    'grpc.max_send_message_length': messageLimit,
  })
}

/** A client of one service, made of nothing but its definition. Unary calls end after 20 seconds. */
export function wireService<D extends ServiceDefinition>(
  client: Client,
  definition: D,
  headers: Readonly<Record<string, string>>,
): WireService<D> {
  const rows = Object.entries(definition.methods).map(([key, method]) => [
    key,
    caller(client, `/${definition.fullName}/${method.name}`, method, headers),
  ])
  return Object.fromEntries(rows) as WireService<D>
}

/** Sends bytes to a method that no definition has; the error that comes of it. */
export function callUnknown(client: Client, path: string): Promise<ServiceError | null> {
  const bytes = (value: Buffer) => value
  return new Promise((resolve) => {
    client.makeUnaryRequest(path, bytes, bytes, Buffer.alloc(0), new Metadata(), (error) => resolve(error))
  })
}

function caller(client: Client, path: string, method: MethodDefinition, headers: Readonly<Record<string, string>>) {
  const codec = method.requestType as MessageCodec<unknown> & { fromPartial(draft: unknown): unknown }
  const serialize = (draft: unknown) => Buffer.from(codec.encode(codec.fromPartial(draft)).finish())
  const deserialize = (bytes: Buffer) => method.responseType.decode(bytes)
  const metadata = () => {
    const sent = new Metadata()
    for (const [name, value] of Object.entries(headers)) sent.set(name, value)
    return sent
  }
  if (method.requestStream) return () => quiet(client.makeBidiStreamRequest(path, serialize, deserialize, metadata()))
  if (method.responseStream)
    return (draft: unknown = {}) =>
      quiet(client.makeServerStreamRequest(path, serialize, deserialize, draft, metadata()))
  return (draft: unknown = {}) =>
    new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + deadlineMs }
      client.makeUnaryRequest(path, serialize, deserialize, draft, metadata(), options, (error, reply) =>
        error ? reject(named(error, path)) : resolve(reply),
      )
    })
}

/** A call that failed says which it was; its code and details stay what the server sent. */
function named(error: ServiceError, path: string): ServiceError {
  error.message = `${path}: ${error.message}`
  return error
}

/** A stream whose error, when nobody listens any more, does not end the process. */
function quiet<Stream extends { on(event: 'error', listener: () => void): unknown }>(stream: Stream): Stream {
  stream.on('error', () => {})
  return stream
}
