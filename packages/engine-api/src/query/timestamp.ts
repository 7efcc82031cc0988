// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

const nanosecondsPer: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }

/**
 * A point in time as queries spell it, in nanoseconds since 1970. Accepted are Unix seconds with optional
 * `.nanoseconds`, RFC 3339 and its shortened forms (local time when no zone is given), and Go durations (`10m`,
 * `1h30m`), which count back from `now`. Empty and `0` mean absent. Throws `invalid-argument` for anything else.
 *
 * @param now - milliseconds since 1970; the server's clock
 * @public
 */
export function decodeTimestamp(text: string | undefined, now: number = Date.now()): bigint | undefined {
  if (text === undefined || text === '' || text === '0') return undefined
  const seconds = /^(-?\d{1,18})(?:\.(\d{1,9}))?$/.exec(text)
  if (seconds) return BigInt(seconds[1] as string) * 1_000_000_000n + BigInt((seconds[2] ?? '').padEnd(9, '0'))
  const ago = parseDuration(text)
  if (ago !== undefined) return BigInt(now) * 1_000_000n - ago
  const date = parseDate(text)
  if (date !== undefined) return date
  throw new StackError('invalid-argument', `failed to parse value as time or duration: ${JSON.stringify(text)}`)
}

/** A Go duration in nanoseconds: `1h30m`, `1.5s`, `-10ms`; undefined when the text is none. @public */
export function parseDuration(text: string): bigint | undefined {
  const match = /^([+-]?)((?:\d{1,15}(?:\.\d{1,9})?(?:ns|us|µs|ms|s|m|h))+)$/.exec(text)
  if (!match) return undefined
  let total = 0n
  for (const [, amount, unit] of (match[2] as string).matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    total += BigInt(Math.round(Number(amount) * (nanosecondsPer[unit as string] as number)))
  }
  return match[1] === '-' ? -total : total
}

/** Date and time to the nanosecond; `Date` alone would lose what is below a millisecond. */
function parseDate(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(text)
  if (!match) return undefined
  const [, day, hour = '00', minute = '00', second = '00', fraction = '', zone = ''] = match
  const milliseconds = Date.parse(`${day}T${hour}:${minute}:${second}${zone}`)
  if (Number.isNaN(milliseconds)) return undefined
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
}
