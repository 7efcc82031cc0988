// SPDX-License-Identifier: Apache-2.0
import {
  checkJsonContentType,
  compareApiVersions,
  compilePath,
  type Decoder,
  decodeQuery,
  maximumJsonBody,
  type PathParameters,
  parseBody,
  type QueryOf,
  type Route,
} from '@teu/engine-api'
import { StackError } from '@teu/errors'
import type { EngineRequest, Reply } from './exchange.ts'

/** What a handler is given: the request, and what its route says of it. */
export interface HandlerInput<R extends Route> {
  readonly request: EngineRequest
  readonly path: PathParameters
  readonly query: QueryOf<R>
  /** Reads and decodes the JSON body; undefined when it is empty. */
  json<T>(decode: Decoder<T>): Promise<T | undefined>
}

/** Answers requests of one route. A failure that it throws becomes the error reply of its class. */
export type Handler<R extends Route> = (input: HandlerInput<R>) => Promise<Reply> | Reply

/** A route with its handler, ready to be matched. */
export interface Endpoint {
  readonly route: Route
  match(path: string): PathParameters | undefined
  answer(request: EngineRequest, path: PathParameters): Promise<Reply>
}

/** Joins a route and its handler. */
export function endpoint<R extends Route>(route: R, handler: Handler<R>): Endpoint {
  return {
    route,
    match: compilePath(route.path),
    answer: async (request, path) => {
      requireVersion(route, request)
      const query = decodeQuery(route, request.query)
      return handler({ request, path, query, json: (decode) => readJson(request, decode) })
    },
  }
}

/** The endpoint for a request and its parameters; the first that matches wins, so specific ones stand first. */
export function findEndpoint(
  endpoints: readonly Endpoint[],
  method: string,
  path: string,
): { endpoint: Endpoint; path: PathParameters } | undefined {
  for (const candidate of endpoints) {
    if (candidate.route.method !== method) continue
    const parameters = candidate.match(path)
    if (parameters !== undefined) return { endpoint: candidate, path: parameters }
  }
  return undefined
}

function requireVersion(route: Route, request: EngineRequest): void {
  if (route.since === undefined || compareApiVersions(request.apiVersion, route.since) >= 0) return
  const { method, path } = request
  throw new StackError('invalid-argument', `${method} ${path} requires minimum API version ${route.since}`)
}

async function readJson<T>(request: EngineRequest, decode: Decoder<T>): Promise<T | undefined> {
  checkJsonContentType(request.headers['content-type'], request.bodyLength)
  if (request.bodyLength === 0) return undefined
  return parseBody(await readText(request), decode)
}

async function readText(request: EngineRequest): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body) {
    length += chunk.byteLength
    if (length > maximumJsonBody) {
      throw new StackError('invalid-argument', `invalid JSON: request body is over ${maximumJsonBody} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
