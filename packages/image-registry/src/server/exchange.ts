// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http'
import { StackError } from '@teu/errors'
import { endAnswer } from './end-answer.ts'
import { Failure } from './failure.ts'

/** Who sent a request, as far as it is known. @internal */
export interface Caller {
  /** The address that the request came from. */
  address: string
  /** Whether it came over TLS. */
  secure: boolean
  /** Scheme, host and port by which the caller reached this server, as far as it can be told. */
  origin: string
  /** Who they proved to be; absent for anonymous callers. */
  user?: string
  /** Whether they may know that a repository exists; absent where everybody may. */
  sees?: (repository: string) => boolean
}

/** One request and its answer, in the terms of the handlers. @internal */
export interface Exchange {
  method: string
  query: URLSearchParams
  caller: Caller
  header(name: string): string | undefined
  /** The request's body, to be read at most once. */
  body: AsyncIterable<Uint8Array>
  /** Whether a manifest may be stored without what it points at, because that can be had when it is asked for. */
  isSparse?: boolean
  /** Adds a header to whatever the answer will be, besides others of its name. */
  announce(name: string, value: string): void
  answer(status: number, headers?: Record<string, string>, content?: string | Uint8Array): void
  /** Sends bytes of a known length; a failure in their middle breaks the connection off. */
  stream(status: number, headers: Record<string, string>, content: AsyncIterable<Uint8Array>): Promise<void>
}

/** Bytes of bodies that went to and fro, without headers. @internal */
export interface Traffic {
  received: number
  sent: number
}

/** What an exchange needs to know besides request and response. @internal */
export interface ExchangeContext {
  url: URL
  caller: Caller
  /** Counted up as bytes move. */
  traffic: Traffic
  /** Called before the body is read: until then a client that asked may be told not to send it. */
  onBody?: () => void
}

/** The exchange of a Node request. @internal */
export function exchangeOf(
  request: IncomingMessage,
  response: ServerResponse,
  { url, caller, traffic, onBody }: ExchangeContext,
): Exchange {
  const isHead = request.method === 'HEAD'
  return {
    method: request.method ?? 'GET',
    query: url.searchParams,
    caller,
    header: (name) => [request.headers[name] ?? []].flat()[0],
    body: bodyOf(request, traffic, onBody),
    announce: (name, value) => void response.appendHeader(name, value),
    answer(status, headers = {}, content = '') {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content
      const length = status === 204 || status === 304 ? {} : { 'content-length': String(bytes.byteLength) }
      response.writeHead(status, { ...length, ...headers })
      if (!isHead) traffic.sent += bytes.byteLength
      endAnswer(request, response, isHead || bytes.byteLength === 0 ? undefined : bytes)
    },
    async stream(status, headers, content) {
      if (isHead) response.writeHead(status, headers).end()
      else await send({ response, traffic }, status, headers, content)
    },
  }
}

/**
 * Headers go out with the first chunk, so that what cannot be read is answered as an error. One write is under way while
 * the next chunk is fetched, and never two: the storage uses the memory again.
 */
async function send(
  { response, traffic }: { response: ServerResponse; traffic: Traffic },
  status: number,
  headers: Record<string, string>,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  let writing: Promise<void> | undefined
  for await (const chunk of content) {
    if (writing === undefined) response.writeHead(status, headers)
    const next = write(response, chunk)
    await writing
    traffic.sent += chunk.byteLength
    writing = next
  }
  await writing
  response.end()
}

function write(response: ServerResponse, chunk: Uint8Array): Promise<void> {
  const written = new Promise<void>((resolve, reject) => {
    const fail = (cause?: Error | null) => reject(new StackError('cancelled', 'the client went away', { cause }))
    // Of a TLS connection that breaks in a write Node may forget to tell the writer.
    const gone = () => fail()
    response.once('close', gone)
    response.write(chunk, (error) => {
      response.off('close', gone)
      if (error) fail(error)
      else resolve()
    })
  })
  // Looked at one chunk later; until then a failure must not count as unhandled.
  written.catch(() => {})
  return written
}

/** A body that ends before its time is a failure, whatever Node calls it. */
async function* bodyOf(
  request: IncomingMessage,
  traffic: Traffic,
  onBody: (() => void) | undefined,
): AsyncGenerator<Uint8Array> {
  onBody?.()
  try {
    // Whoever stops reading still has to answer, for which the connection must stay.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      traffic.received += chunk.byteLength
      yield chunk
    }
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
