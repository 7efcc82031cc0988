// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** Bounds of a JSON document that a stranger sent. @public */
export interface JsonBounds {
  /** Bytes of the document. Default 4 MiB. */
  bytes?: number
  /** Lists and objects inside one another. Default 64. */
  depth?: number
  /** Values of all kinds together, by their commas and brackets. Default 65,536. */
  values?: number
}

const defaults = { bytes: 4 * 1024 * 1024, depth: 64, values: 65_536 }

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
/** `[` and `{`, `]` and `}`: they differ from each other in one bit. */
const opening = 0x5b
const closing = 0x5d
const braceBit = 0x20

/**
 * Reads JSON in UTF-8 after it looked, without making a value, at how long, how deep and how rich it is: two million
 * brackets fit into 4 MiB and keep a parser busy for half a second. `what` names the document in messages.
 *
 * Throws `resource-exhausted` above the bound of bytes, `invalid-argument` above the others and for bytes that are no
 * JSON. It runs to its end
 * without giving the thread back, within some 30 ms for a document at the default bounds.
 *
 * @public
 */
export function parseBoundedJson(body: Uint8Array, what: string, bounds: JsonBounds = {}): unknown {
  const { bytes, depth, values } = { ...defaults, ...bounds }
  if (body.byteLength > bytes) {
    throw new StackError('resource-exhausted', `${what} of ${body.byteLength} bytes exceeds ${bytes}`)
  }
  checkStructure(body, what, depth, values)
  try {
    return JSON.parse(decoder.decode(body))
  } catch (error) {
    throw new StackError('invalid-argument', `${what} is not JSON`, { cause: error })
  }
}

function checkStructure(body: Uint8Array, what: string, depth: number, values: number): void {
  let level = 0
  let seen = 0
  for (let at = 0; at < body.length; at++) {
    const byte = body[at] as number
    if (byte === quote) {
      at = endOfString(body, at)
    } else if ((byte & ~braceBit) === opening) {
      if (++level > depth) throw new StackError('invalid-argument', `${what} is nested deeper than ${depth}`)
      seen++
    } else if ((byte & ~braceBit) === closing) {
      level--
    } else if (byte === comma) {
      seen++
    }
    if (seen > values) throw new StackError('invalid-argument', `${what} has more than ${values} values`)
  }
}

/** Where the string that begins at `start` ends; the end of the document when it does not. */
function endOfString(body: Uint8Array, start: number): number {
  for (let at = start + 1; ; at++) {
    at = body.indexOf(quote, at)
    if (at < 0) return body.length
    let slashes = at
    while (body[slashes - 1] === backslash) slashes--
    if ((at - slashes) % 2 === 0) return at
  }
}
