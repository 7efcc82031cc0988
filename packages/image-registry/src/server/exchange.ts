// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { StackError } from '@teu/errors'
import { Failure } from './failure.ts'

/** One request and its answer, in the terms of the handlers. @internal */
export interface Exchange {
  method: string
  query: URLSearchParams
  header(name: string): string | undefined
  /** The request's body, to be read at most once. */
  body: AsyncIterable<Uint8Array>
  answer(status: number, headers?: Record<string, string>, content?: string | Uint8Array): void
  /** Sends a stream of a known length; a failure in its middle breaks the connection off. */
  stream(status: number, headers: Record<string, string>, content: Readable): Promise<void>
}

/** The exchange of a Node request. @internal */
export function exchangeOf(request: IncomingMessage, response: ServerResponse, url: URL): Exchange {
  const isHead = request.method === 'HEAD'
  return {
    method: request.method ?? 'GET',
    query: url.searchParams,
    header: (name) => [request.headers[name] ?? []].flat()[0],
    body: bodyOf(request),
    answer(status, headers = {}, content = '') {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content
      const length = status === 204 || status === 304 ? {} : { 'content-length': String(bytes.byteLength) }
      response.writeHead(status, { ...length, ...headers })
      response.end(isHead || bytes.byteLength === 0 ? undefined : bytes)
    },
    async stream(status, headers, content) {
      response.writeHead(status, headers)
      if (!isHead) return pipeline(content, response)
      content.destroy()
      response.end()
    },
  }
}

/** A body that ends before its time is a failure, whatever Node calls it. */
async function* bodyOf(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* request as AsyncIterable<Uint8Array>
  } catch (error) {
    throw new StackError('cancelled', 'the client went away', { cause: error })
  }
  if (!request.complete) throw new StackError('cancelled', 'the client went away')
}

/** A request's whole body; one longer than `limit` bytes is refused before more is read. @internal */
export async function readWhole({ header, body }: Exchange, limit: number): Promise<Uint8Array> {
  const tooLong = () => new Failure('SIZE_INVALID', `more than ${limit} bytes`, { status: 413 })
  if (Number(header('content-length') ?? 0) > limit) throw tooLong()
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.byteLength
    if (length > limit) throw tooLong()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
