// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import type * as Grpc from '@grpc/grpc-js'
import type { CallOptions, MethodDefinition, ServiceDefinition } from '@teu/ttrpc'
import { grpcStatusOf } from '../errors.ts'

/** One method of any implementation, without its types. */
type Method = (request: unknown, options: CallOptions) => unknown

/** What handlers tell of a failed call, before it is answered. */
export type FailureReporter = (path: string, error: unknown) => void

/** grpc-js's description of a service, from the table that ts-proto made. */
export function grpcDefinitionOf(definition: ServiceDefinition): Grpc.ServiceDefinition {
  return Object.fromEntries(
    Object.entries(definition.methods).map(([key, method]) => [
      key,
      {
        path: `/${definition.fullName}/${method.name}`,
        requestStream: method.requestStream,
        responseStream: method.responseStream,
        requestSerialize: (message: unknown) => Buffer.from(method.requestType.encode(message).finish()),
        requestDeserialize: (bytes: Buffer) => method.requestType.decode(bytes),
        responseSerialize: (message: unknown) => Buffer.from(method.responseType.encode(message).finish()),
        responseDeserialize: (bytes: Buffer) => method.responseType.decode(bytes),
      },
    ]),
  )
}

/** grpc-js's handlers for an implementation of a service. */
export function grpcHandlersOf(
  definition: ServiceDefinition,
  implementation: Readonly<Record<string, Method>>,
  report: FailureReporter,
): Grpc.UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(definition.methods).map(([key, method]) => {
      const path = `/${definition.fullName}/${method.name}`
      // Called on the object, so that a class may implement a service.
      const run: Method = (request, options) => implementation[key]!(request, options)
      return [key, handlerOf(method, path, run, report)]
    }),
  )
}

function handlerOf(method: MethodDefinition, path: string, run: Method, report: FailureReporter) {
  if (!method.responseStream)
    return async (call: Grpc.ServerUnaryCall<unknown, unknown>, answer: Grpc.sendUnaryData<unknown>) => {
      try {
        answer(null, await run(call.request, optionsOf(call)))
      } catch (error) {
        report(path, error)
        answer(grpcStatusOf(error))
      }
    }
  return async (call: Grpc.ServerWritableStream<unknown, unknown>) => {
    const options = optionsOf(call)
    call.on('error', () => {})
    try {
      const request = method.requestStream ? requestsOf(call) : call.request
      const responses = run(request, options) as AsyncIterable<unknown>
      await sendAll(call, responses, options.signal!)
      call.end()
    } catch (error) {
      if (call.cancelled) return
      report(path, error)
      call.emit('error', grpcStatusOf(error))
    }
  }
}

/** The requests of a stream. A reader that stops early must not end the call: the answer is still to come. */
function requestsOf(call: Grpc.ServerWritableStream<unknown, unknown>): AsyncIterable<unknown> {
  const iterator = (call as unknown as Readable).iterator({ destroyOnReturn: false })
  return { [Symbol.asyncIterator]: () => iterator }
}

async function sendAll(
  call: Grpc.ServerWritableStream<unknown, unknown>,
  responses: AsyncIterable<unknown>,
  signal: AbortSignal,
) {
  for await (const response of responses) {
    if (signal.aborted) return
    if (!call.write(response)) await once(call, 'drain', { signal })
  }
}

function optionsOf(call: Grpc.ServerUnaryCall<unknown, unknown> | Grpc.ServerWritableStream<unknown, unknown>) {
  const abort = new AbortController()
  call.once('cancelled', () => abort.abort())
  if (call.cancelled) abort.abort()
  const metadata: Record<string, string> = {}
  for (const key of Object.keys(call.metadata.getMap())) {
    // The first value of a repeated key is the one that counts; binary values are nobody's business here.
    const first = call.metadata.get(key)[0]
    if (typeof first === 'string') metadata[key] = first
  }
  return { signal: abort.signal, metadata } satisfies CallOptions
}
