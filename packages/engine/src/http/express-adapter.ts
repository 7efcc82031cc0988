// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http'
import express, { type ErrorRequestHandler } from 'express'
import { drained } from '../io/drained.ts'
import type { Dispatch, RawRequest } from './dispatch.ts'
import type { Reply, StreamReply } from './exchange.ts'
import { takeOver } from './take-over.ts'

/** Headers of every reply. */
export type FixedHeaders = Readonly<Record<string, string>>

/** A handler for an HTTP server; the body is apart, since that of an upgrade is not in the request. */
export type RequestListener = (
  request: IncomingMessage,
  response: ServerResponse,
  body: AsyncIterable<Uint8Array>,
) => void

/**
 * The one file that knows the framework: an express application that hands every request to `dispatch` and carries
 * its reply out.
 */
export function expressAdapter(dispatch: Dispatch, headers: FixedHeaders): RequestListener {
  const app = express()
  const bodies = new WeakMap<IncomingMessage, AsyncIterable<Uint8Array>>()
  app.disable('x-powered-by').disable('etag')
  app.use(async (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    const reply = await dispatch(rawRequest(request, response, bodies.get(request) ?? request))
    await carryOut(reply, request, response)
  })
  // What fails here is beyond a reply; the framework's own would show the caller our stack.
  const giveUp: ErrorRequestHandler = (_error, request, _response, _next) => void request.socket?.destroy()
  app.use(giveUp)
  return (request, response, body) => {
    bodies.set(request, body)
    app(request, response)
  }
}

function rawRequest(request: IncomingMessage, response: ServerResponse, body: AsyncIterable<Uint8Array>): RawRequest {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  const length = request.headers['content-length']
  const chunked = request.headers['transfer-encoding'] !== undefined
  return {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers: request.headers,
    bodyLength: chunked ? undefined : Number(length ?? 0),
    body,
    upgrade: request.headers.upgrade !== undefined,
    signal: gone.signal,
  }
}

async function carryOut(reply: Reply, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (response.destroyed || response.socket?.destroyed !== false) return
  if (reply.kind === 'upgrade') return takeOver(request, response, reply)
  // The bytes behind such a request may be of the other protocol: the connection cannot go on.
  if (request.headers.upgrade !== undefined) response.setHeader('connection', 'close')
  if (reply.kind === 'stream') return sendStream(reply, response)
  if (reply.kind === 'redirect') return end(response, 301, { location: reply.location })
  if (reply.kind === 'empty') return end(response, reply.status, reply.headers)
  if (reply.kind === 'text') {
    return end(response, reply.status, { 'content-type': 'text/plain; charset=utf-8', ...reply.headers }, reply.text)
  }
  return end(response, reply.status, { 'content-type': 'application/json' }, `${JSON.stringify(reply.value)}\n`)
}

function end(response: ServerResponse, status: number, headers: FixedHeaders = {}, body = ''): void {
  const length = Buffer.byteLength(body)
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (length > 0 || (status !== 204 && status !== 304)) response.setHeader('content-length', length)
  response.end(body)
}

async function sendStream(reply: StreamReply, response: ServerResponse): Promise<void> {
  response.statusCode = reply.status
  response.setHeader('content-type', reply.contentType)
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value)
  response.flushHeaders()
  try {
    for await (const chunk of reply.body) {
      if (response.destroyed) return
      if (!response.write(chunk)) await drained(response)
    }
  } catch (error) {
    if (!reply.onFailure) return void response.destroy()
    response.write(reply.onFailure(error))
  }
  response.end()
}
