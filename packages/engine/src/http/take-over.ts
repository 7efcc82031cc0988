// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { upgradeHead } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import type { UpgradeReply } from './exchange.ts'

/** Longest body of a request that asks for an upgrade, in bytes: a few options. */
const maximumUpgradeBody = 1 << 20

/**
 * The body of a request that asks for an upgrade. The parser takes all that follows the headers for the new
 * protocol, so the body is still in the connection, and what comes behind it is the client's first input.
 *
 * @param head - what was read beyond the headers
 */
export async function* upgradeBody(request: IncomingMessage, head: Buffer): AsyncGenerator<Uint8Array> {
  const { socket } = request
  if (head.length > 0) socket.unshift(head)
  if (request.headers['transfer-encoding'] !== undefined) {
    throw new StackError('invalid-argument', 'the body of a request that asks for an upgrade needs a Content-Length')
  }
  let left = Number(request.headers['content-length'] ?? 0)
  if (!(left <= maximumUpgradeBody)) throw new StackError('invalid-argument', 'request body is too long')
  while (left > 0) {
    const chunk = (socket.read(Math.min(left, Math.max(socket.readableLength, 1))) ?? undefined) as Buffer | undefined
    if (chunk) {
      left -= chunk.length
      yield chunk
    } else if (socket.readableEnded || socket.destroyed) {
      throw new StackError('invalid-argument', 'unexpected EOF in the request body')
    } else await readable(socket)
  }
}

function readable(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('readable', done).off('end', done).off('close', done)
      resolve()
    }
    socket.on('readable', done).on('end', done).on('close', done)
  })
}

/**
 * Takes a connection from HTTP and hands it to the reply's `run`. The client's half-close must not end our side, so
 * the listeners that node:http left on the socket go first: its `end` listener would close everything.
 */
export async function takeOver(request: IncomingMessage, response: ServerResponse, reply: UpgradeReply): Promise<void> {
  const { socket } = request
  response.detachSocket(socket)
  for (const event of ['data', 'end', 'timeout', 'drain', 'error', 'close']) socket.removeAllListeners(event)
  release(socket)
  const gone = new AbortController()
  socket.on('error', () => socket.destroy())
  socket.on('close', () => gone.abort())
  socket.write(upgradeHead(request.headers.upgrade !== undefined, reply.contentType))
  try {
    await reply.run(socket, gone.signal)
    socket.end()
  } catch {
    socket.destroy()
  }
}

/** Undoes the parser's direct hold on the socket, if the request was not an upgrade. */
function release(socket: Socket): void {
  const internal = socket as Socket & {
    parser?: { finish?: unknown; free?: () => void } | null
    _httpMessage?: unknown
  }
  if (internal.parser) {
    internal.parser = null
    socket.pause()
  }
  socket.setTimeout(0)
  socket.setNoDelay(true)
}
