// SPDX-License-Identifier: Apache-2.0
import { formatTime, parseTime } from '../../clock.ts'
import type { LogEntry } from '../log-driver.ts'

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
