// SPDX-License-Identifier: Apache-2.0
import http, { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { RequestListener } from './express-adapter.ts'
import { upgradeBody } from './take-over.ts'

/** Go's limit, which clients count on: build requests carry many credentials in one header. */
const maximumHeaderSize = 1 << 20

/** How long a client may go on sending after a refusal, in milliseconds, before its connection is cut. */
const lingering = 1000

/** Whether a connection may be handed over for a request: only then is its `Upgrade` header heeded. */
export type UpgradeTest = (method: string, target: string) => boolean

/**
 * An HTTP server that can hand connections over. Requests that ask for an upgrade go to the same listener as all
 * others; an `Upgrade` header where nothing can be upgraded is ignored. Bodies and hijacked connections may live for
 * hours, headers must arrive within five minutes.
 */
export function createHttpServer(listener: RequestListener, mayUpgrade: UpgradeTest): http.Server {
  const server = http.createServer(
    {
      allowHalfOpen: true,
      maxHeaderSize: maximumHeaderSize,
      requestTimeout: 0,
      headersTimeout: 300_000,
      keepAliveTimeout: 60_000,
      noDelay: true,
      shouldUpgradeCallback: ({ method = '', url = '' }: IncomingMessage) => mayUpgrade(method, url),
    } as http.ServerOptions,
    // A handler that stops reading must not take the connection with it: the client still gets its reply.
    (request, response) => listener(request, response, request.iterator({ destroyOnReturn: false })),
  )
  server.on('upgrade', (request: IncomingMessage, _socket: Duplex, head: Buffer) => {
    const { socket } = request
    const response = new ServerResponse(request)
    response.assignSocket(socket)
    // The server has let go of the connection: its errors and, after a refusal, its end are ours.
    socket.on('error', () => socket.destroy())
    response.once('finish', () => endConnection(socket))
    listener(request, response, upgradeBody(request, head))
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(error, socket))
  return server
}

/**
 * Ends a connection after its last reply. What the client is still sending is read and dropped for a moment: closing
 * a connection with unread input would cut it before the client has read the reply.
 */
function endConnection(socket: Socket): void {
  const cut = setTimeout(() => socket.destroy(), lingering)
  socket.once('close', () => clearTimeout(cut))
  if (socket.readableEnded) return socket.destroySoon()
  socket.once('end', () => socket.destroySoon())
  socket.end()
  socket.resume()
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
