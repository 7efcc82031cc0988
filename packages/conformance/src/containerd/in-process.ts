// SPDX-License-Identifier: Apache-2.0
import { PassThrough, Readable } from 'node:stream'
import type { ServiceError } from '@grpc/grpc-js'
import { type ContainerdServices, grpcStatusOf, serviceDefinitions } from '@teu/containerd-api'
import type { CallOptions, MessageCodec, MethodDefinition } from '@teu/ttrpc'
import { deadlineMs, type Wire } from './wire.ts'

type Implementation = Readonly<Record<string, (request: unknown, options: CallOptions) => unknown>>

/** Services in this process under the interface that the cases call, with the same metadata for each call. */
export function inProcessWire(services: ContainerdServices, metadata: Readonly<Record<string, string>>): Wire {
  const rows = Object.entries(serviceDefinitions).map(([name, definition]) => {
    const implementation = services[name as keyof ContainerdServices] as unknown as Implementation
    const methods = Object.entries(definition.methods).map(([key, method]: [string, MethodDefinition]) => [
      key,
      caller(`/${definition.fullName}/${method.name}`, method, metadata, (request, options) =>
        implementation[key]!(request, options),
      ),
    ])
    return [name, Object.fromEntries(methods)]
  })
  return Object.fromEntries(rows) as Wire
}

function caller(
  path: string,
  method: MethodDefinition,
  metadata: Readonly<Record<string, string>>,
  run: Implementation[string],
) {
  const codec = method.requestType as MessageCodec<unknown> & { fromPartial(draft: unknown): unknown }
  if (!method.responseStream)
    return async (draft: unknown = {}) => {
      try {
        return asRead(method, await run(codec.fromPartial(draft), { metadata, timeoutMs: deadlineMs }))
      } catch (error) {
        throw failed(path, error)
      }
    }
  return (draft: unknown = {}) => {
    const abort = new AbortController()
    const requests = new PassThrough({ objectMode: true })
    const request = method.requestStream ? requests : codec.fromPartial(draft)
    const options = { metadata, signal: abort.signal }
    const answers = Readable.from(messages(path, method, () => run(request, options)))
    // One whose error nobody listens to any more does not end the process.
    answers.on('error', () => {})
    return Object.assign(answers, {
      write: (message: unknown) => requests.write(codec.fromPartial(message)),
      end: () => requests.end(),
      cancel: () => abort.abort(),
    })
  }
}

/** An answer as a peer reads it: what cannot be encoded is no answer, and a map is a plain object. */
function asRead({ responseType }: MethodDefinition, answer: unknown): unknown {
  return responseType.decode(Buffer.from(responseType.encode(answer).finish()))
}

async function* messages(path: string, method: MethodDefinition, run: () => unknown): AsyncGenerator<unknown> {
  try {
    for await (const answer of run() as AsyncIterable<unknown>) yield asRead(method, answer)
  } catch (error) {
    throw failed(path, error)
  }
}

/** The failure as a gRPC client would have it. */
function failed(path: string, error: unknown): ServiceError {
  const { code, details } = grpcStatusOf(error)
  return Object.assign(new Error(`${path}: ${code} ${details}`, { cause: error }), { code, details }) as ServiceError
}
