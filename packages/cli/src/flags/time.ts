// SPDX-License-Identifier: Apache-2.0
import { parseDuration } from '../format/duration.ts'

const dateGrammar =
  /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?)?(Z|[+-]\d{2}:\d{2})?$/

/**
 * A point in time as the engine reads it, in seconds with nanoseconds: from an age (`42m`), a date with as many parts
 * as one likes (in the local zone unless it names one), or seconds since 1970, which are passed on. Undefined for an
 * empty text; throws for what is none of these.
 */
export function timeOf(text: string, now: number = Date.now()): string | undefined {
  if (text === '') return undefined
  try {
    return secondsText(BigInt(now) * 1_000_000n - BigInt(parseDuration(text)))
  } catch {
    // Not an age.
  }
  if (/^\d+(\.\d{1,9})?$/.test(text)) return text.includes('.') ? padFraction(text) : text
  const match = dateGrammar.exec(text)
  const instant = match ? instantOf(match) : Number.NaN
  if (Number.isNaN(instant)) {
    throw new Error(`failed to parse value as time or duration: ${JSON.stringify(text)}`)
  }
  const fraction = BigInt((match?.[7] ?? '').padEnd(9, '0'))
  return secondsText(BigInt(instant) * 1_000_000n + fraction)
}

function padFraction(text: string): string {
  const [seconds, fraction = ''] = text.split('.')
  return `${seconds}.${fraction.padEnd(9, '0')}`
}

function instantOf(match: RegExpExecArray): number {
  const [, year, month, day, hour = '00', minute = '00', second = '00', , zone = ''] = match
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`)
}

function secondsText(nanoseconds: bigint): string {
  return `${nanoseconds / 1_000_000_000n}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}`
}
