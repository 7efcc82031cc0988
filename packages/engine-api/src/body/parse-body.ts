// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Decoder } from './decoder.ts'

/** Deepest nesting of arrays and objects in a body. @public */
export const maximumBodyDepth = 10_000

/** Longest JSON body that a server of this contract reads, in bytes. @public */
export const maximumJsonBody = 32 << 20

/**
 * Checks that a request which has a body says that it is JSON. A browser cannot send that type across origins
 * without asking first, so this is also what stops forged requests. Throws `invalid-argument`.
 *
 * @param length - of the body; undefined when it is sent in chunks
 * @public
 */
export function checkJsonContentType(contentType: string | undefined, length: number | undefined): void {
  if (!contentType) {
    if (length === 0) return
    throw new StackError('invalid-argument', 'malformed Content-Type header (): mime: no media type')
  }
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/json') return
  if (!/^[!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+$/.test(type)) {
    throw new StackError('invalid-argument', `malformed Content-Type header (${contentType}): mime: invalid media type`)
  }
  throw new StackError(
    'invalid-argument',
    `unsupported Content-Type header (${contentType}): must be 'application/json'`,
  )
}

/**
 * Parses and decodes a JSON body; an empty one is undefined. Throws `invalid-argument` with the original's texts:
 * `invalid JSON: …`, `unexpected content after JSON`.
 *
 * @public
 */
export function parseBody<T>(body: string, decode: Decoder<T>): T | undefined {
  if (body === '') return undefined
  if (body.trim() === '') throw new StackError('invalid-argument', 'invalid JSON: got EOF while reading request body')
  if (nestingOver(body, maximumBodyDepth)) throw new StackError('invalid-argument', 'invalid JSON: exceeded max depth')
  const value = parse(body)
  return value === null ? undefined : decode(value, '')
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (error) {
    const { message } = error as Error
    if (message.includes('after JSON')) throw new StackError('invalid-argument', 'unexpected content after JSON')
    // V8 quotes the text around the place, which may be a secret: only the place is told.
    const place = /position \d+/.exec(message)?.[0]
    const reason = place === undefined ? 'unexpected EOF' : `invalid character at ${place}`
    throw new StackError('invalid-argument', `invalid JSON: ${reason}`, { cause: error })
  }
}

/** Whether brackets outside strings nest deeper than `limit`. Reads the text once, without recursion. */
function nestingOver(body: string, limit: number): boolean {
  let depth = 0
  let quoted = false
  for (let at = 0; at < body.length; at++) {
    const code = body.charCodeAt(at)
    if (quoted) {
      if (code === 0x5c) at++
      else if (code === 0x22) quoted = false
    } else if (code === 0x22) quoted = true
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > limit) return true
    } else if (code === 0x7d || code === 0x5d) depth--
  }
  return false
}
