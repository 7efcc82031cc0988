// SPDX-License-Identifier: Apache-2.0
import { formatTime, parseTime } from '../../clock.ts'
import type { LogEntry } from '../log-driver.ts'

/** Characters that JSON must escape, and others that are rare enough to take the slow way. */
const special = /["\\\p{Cc}]/u

/**
 * Text of one record, line end included: `{"log":…,"stream":…,"attrs":…,"time":…}`. Bytes that are not UTF-8 become
 * U+FFFD.
 *
 * @param attributes - JSON of the extra attributes, empty for none
 */
export function encodeRecord(stream: string, line: Uint8Array, time: string, attributes: string): string {
  const text = Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('utf8')
  const extra = attributes === '' ? '' : `"attrs":${attributes},`
  return `{"log":${quote(text)},"stream":"${stream}",${extra}"time":"${time}"}\n`
}

/** A record out of its text; undefined for a line that is torn or foreign, which readers skip. */
export function decodeRecord(text: string): LogEntry | undefined {
  try {
    const { log, stream, time, attrs } = JSON.parse(text) as Record<string, unknown>
    if (typeof log !== 'string' || typeof time !== 'string') return undefined
    return {
      stream: stream === 'stderr' ? 'stderr' : 'stdout',
      nanoseconds: parseTime(time),
      line: Buffer.from(log, 'utf8'),
      attributes: attrs as Record<string, string> | undefined,
    }
  } catch {
    return undefined
  }
}

/** The time stamp of a record. */
export function recordTime(nanoseconds: bigint): string {
  return formatTime(nanoseconds)
}

/** Nearly all lines end in a newline and have nothing else to escape: those need no walk over each character. */
function quote(text: string): string {
  const body = text.endsWith('\n') ? text.slice(0, -1) : text
  if (special.test(body)) return JSON.stringify(text)
  return body.length === text.length ? `"${text}"` : `"${body}\\n"`
}
