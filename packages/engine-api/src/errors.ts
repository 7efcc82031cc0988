// SPDX-License-Identifier: Apache-2.0
import { codeFromHttp, codeOf, httpStatusOf, messageOf, StackError } from '@teu/errors'

/** How a failure crosses this wire. @public */
export interface ErrorReply {
  status: number
  /** Undefined for statuses that have no body (304). */
  body: { message: string } | undefined
}

/** Longest error body that a client reads, in bytes. @public */
export const maximumErrorBody = 1 << 20

/**
 * The status and body of a failure. An empty message becomes the class's name, since clients turn empty ones into
 * unreadable text of their own.
 *
 * @public
 */
export function encodeError(error: unknown): ErrorReply {
  const code = codeOf(error)
  const status = httpStatusOf(code)
  if (status === 304) return { status, body: undefined }
  return { status, body: { message: messageOf(error) || code } }
}

/**
 * The failure that a reply stands for. The message starts with `Error response from daemon: `, as every client of
 * this API prints it.
 *
 * @param contentType - as sent; only exactly `application/json` is decoded, anything else is shown as text
 * @public
 */
export function decodeError(status: number, contentType: string | undefined, body: string): StackError {
  return new StackError(codeFromHttp(status), `Error response from daemon: ${messageIn(contentType, body) || status}`)
}

function messageIn(contentType: string | undefined, body: string): string {
  if (contentType === 'application/json') {
    try {
      const { message } = JSON.parse(body) as { message?: unknown }
      if (typeof message === 'string') return message.trim()
    } catch {
      // A body that is cut off is still worth showing.
    }
  }
  return body.trim()
}
