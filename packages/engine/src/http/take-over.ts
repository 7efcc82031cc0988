// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { upgradeHead } from '@teu/engine-api'
import type { UpgradeReply } from './exchange.ts'

/** Bytes that came behind the head of a request that asked for an upgrade, by request. */
const pushedBack = new WeakMap<IncomingMessage, Buffer>()

/** Keeps what an `upgrade` event read beyond the head, for {@link takeOver}. */
export function keepHead(request: IncomingMessage, head: Buffer): void {
  if (head.length > 0) pushedBack.set(request, head)
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
  const head = pushedBack.get(request)
  if (head) socket.unshift(head)
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
