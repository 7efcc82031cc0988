// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** Longest line that {@link decodeJsonLines} holds in memory unless told otherwise, in bytes. @public */
export const defaultLineLimit = 8 << 20

/** A value as one line of a progress or event stream; `<`, `>` and `&` stay as they are. @public */
export function encodeJsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\r\n`
}

/**
 * Reads one JSON value a line; blank lines are skipped, the last line needs no end. An integer beyond the exact range
 * of a double comes as a bigint. Throws `invalid-argument` for a
 * line that is not JSON and `resource-exhausted` for one over `limit` bytes.
 *
 * @public
 */
export async function* decodeJsonLines<T = unknown>(
  input: AsyncIterable<Uint8Array>,
  limit: number = defaultLineLimit,
): AsyncGenerator<T> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of input) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    let start = 0
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, start)) {
      const line = rest.toString('utf8', start, end).trim()
      start = end + 1
      if (line !== '') yield parseLine<T>(line)
    }
    rest = rest.subarray(start)
    if (rest.length > limit) throw new StackError('resource-exhausted', `line of a JSON stream is over ${limit} bytes`)
  }
  const last = rest.toString('utf8').trim()
  if (last !== '') yield parseLine<T>(last)
}

function parseLine<T>(line: string): T {
  try {
    return JSON.parse(line, /\d{16}/.test(line) ? exactInteger : undefined) as T
  } catch (error) {
    throw new StackError('invalid-argument', 'invalid line in a JSON stream', { cause: error })
  }
}

/** Integers that a double would round, such as nanoseconds since 1970, become bigints. */
function exactInteger(_: string, value: unknown, context: { source?: string } = {}): unknown {
  const { source = '' } = context
  const rounded = typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
  return rounded ? BigInt(source) : value
}
