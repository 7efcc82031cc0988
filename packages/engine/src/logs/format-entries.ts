// SPDX-License-Identifier: Apache-2.0
import { encodeFrame } from '@teu/engine-api'
import { formatFixedTime } from '../clock.ts'
import type { LogEntry } from './log-driver.ts'

/** How records are shown. */
export interface LogFormat {
  stdout: boolean
  stderr: boolean
  timestamps: boolean
  details: boolean
  /** In frames, or raw for a container with a terminal. */
  framed: boolean
}

/** The bytes of a log reply: records of the wanted streams, with time and attributes before each line if asked. */
export async function* formatEntries(entries: AsyncIterable<LogEntry>, format: LogFormat): AsyncGenerator<Uint8Array> {
  for await (const entry of entries) {
    if (!(entry.stream === 'stderr' ? format.stderr : format.stdout)) continue
    const prefix =
      (format.timestamps ? `${formatFixedTime(entry.nanoseconds)} ` : '') +
      (format.details ? `${attributesText(entry.attributes)} ` : '')
    const line = prefix === '' ? entry.line : Buffer.concat([Buffer.from(prefix), entry.line])
    yield format.framed ? encodeFrame(entry.stream, line) : line
  }
}

function attributesText(attributes: Readonly<Record<string, string>> = {}): string {
  return Object.entries(attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .join(',')
}
