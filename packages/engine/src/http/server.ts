// SPDX-License-Identifier: Apache-2.0
import http, { type IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RequestListener } from './express-adapter.ts'
import { upgradeBody } from './take-over.ts'

/** Go's limit, which clients count on: build requests carry many credentials in one header. */
const maximumHeaderSize = 1 << 20

/**
 * An HTTP server that can hand connections over. Requests that ask for an upgrade go to the same listener as all
 * others. Bodies and hijacked connections may live for hours, headers must arrive within five minutes.
 */
export function createHttpServer(listener: RequestListener): http.Server {
  const server = http.createServer(
    {
      allowHalfOpen: true,
      maxHeaderSize: maximumHeaderSize,
      requestTimeout: 0,
      headersTimeout: 300_000,
      keepAliveTimeout: 60_000,
      noDelay: true,
    } as http.ServerOptions,
    // A handler that stops reading must not take the connection with it: the client still gets its reply.
    (request, response) => listener(request, response, request.iterator({ destroyOnReturn: false })),
  )
  server.on('upgrade', (request: IncomingMessage, _socket: Duplex, head: Buffer) => {
    const response = new ServerResponse(request)
    response.assignSocket(request.socket)
    listener(request, response, upgradeBody(request, head))
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(error, socket))
  return server
}

const refusals: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const status = refusals[error.code ?? ''] ?? '400 Bad Request'
  socket.end(`HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`)
}
