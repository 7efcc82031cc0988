// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Caller, Exchange } from '../exchange.ts'
import { Failure } from '../failure.ts'
import type { Route } from '../router.ts'
import type { Serve } from './front.ts'

/** A request that the server makes of itself. @internal */
export interface InnerRequest {
  method?: string
  query?: Record<string, string>
  /** In lower case. */
  headers?: Record<string, string>
  body?: AsyncIterable<Uint8Array>
  caller?: Caller
  /** See {@link Exchange}. */
  isSparse?: boolean
}

/** Its answer, whole. @internal */
export interface InnerAnswer {
  status: number
  headers: Readonly<Record<string, string>>
  body: Buffer
}

/** Who asks when nobody else does. */
const self: Caller = { address: '', secure: true, origin: '' }

/** What the server reads of itself in one piece: manifests, configurations, lists. */
const maximumBody = 16 * 1024 * 1024

/**
 * Asks the inner layers for what any client could ask them for: whoever does so depends on the protocol and not on what
 * lies behind it. Refusals come back as answers; other failures are thrown, as is an answer above 16 MiB.
 *
 * @internal
 */
export async function innerCall(serve: Serve, found: Route, request: InnerRequest = {}): Promise<InnerAnswer> {
  const { method = 'GET', query = {}, headers = {}, body = nothing(), caller = self, isSparse = false } = request
  let answer: InnerAnswer | undefined
  const exchange: Exchange = {
    method,
    query: new URLSearchParams(query),
    caller,
    header: (name) => headers[name],
    body,
    isSparse,
    announce() {},
    answer(status, answered = {}, content = '') {
      const bytes = Buffer.from(content as string)
      answer = { status, headers: { 'content-length': String(bytes.byteLength), ...answered }, body: bytes }
    },
    async stream(status, answered, content) {
      answer = { status, headers: answered, body: method === 'HEAD' ? Buffer.alloc(0) : await collect(content) }
    },
  }
  try {
    await serve(found, exchange)
  } catch (error) {
    if (!(error instanceof Failure) || error.status >= 500) throw error
    return { status: error.status, headers: error.headers, body: Buffer.from(error.body()) }
  }
  if (answer === undefined) throw new StackError('internal', `${method} of ${found.kind} was not answered`)
  return answer
}

async function collect(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of content) {
    length += chunk.byteLength
    if (length > maximumBody) throw new StackError('resource-exhausted', `answer of more than ${maximumBody} bytes`)
    // The storage uses its memory again.
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks)
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
