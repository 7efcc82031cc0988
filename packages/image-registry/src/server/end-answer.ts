// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Ends an answer whose headers are written. To a caller who is still sending what nobody reads it goes out whole, and is
 * ended later: a connection that is not to be kept would be closed with it, and what is on its way would be answered with
 * a reset, which can overtake the answer.
 *
 * @internal
 */
export function endAnswer(request: IncomingMessage, response: ServerResponse, bytes?: Uint8Array | string): void {
  if (!isSending(request)) return void response.end(bytes)
  if (bytes === undefined) response.flushHeaders()
  else response.write(bytes)
  const end = () => response.end()
  request.once('end', end).once('close', end)
}

/** Whether more of a request's body is to come. @internal */
export function isSending(request: IncomingMessage): boolean {
  if (request.complete || request.destroyed) return false
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  return encoding !== undefined || Number(length ?? 0) > 0
}
