// SPDX-License-Identifier: Apache-2.0
import { nowNanoseconds } from '../../clock.ts'
import { LineSplitter } from '../line-splitter.ts'
import type { ContainerLog, LogEntry, LogReadOptions } from '../log-driver.ts'
import { LineReader, tailPosition } from './line-reader.ts'
import { decodeRecord, recordTime } from './record.ts'
import { RecordEncoder } from './record-encoder.ts'
import { type SegmentLimits, Segments } from './segments.ts'

/** One reader that follows: it holds each file open from the moment it exists, so rotation takes nothing away. */
interface Follower {
  readers: LineReader[]
  wake: () => void
  ended: boolean
}

/** A log in json-file format, which Docker's tools read and write as well. */
export class JsonFileLog implements ContainerLog {
  readonly path: string
  readonly readable = true
  readonly #segments: Segments
  readonly #splitters = { stdout: new LineSplitter(), stderr: new LineSplitter() }
  readonly #attributes: string
  readonly #followers = new Set<Follower>()

  constructor(file: string, limits: SegmentLimits, attributes: Readonly<Record<string, string>>) {
    this.path = file
    this.#segments = new Segments(file, limits)
    this.#attributes = Object.keys(attributes).length > 0 ? JSON.stringify(attributes) : ''
  }

  write(stream: 'stdout' | 'stderr', chunk: Uint8Array): void {
    this.#record(stream, (take) => this.#splitters[stream].push(chunk, take))
  }

  flush(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      this.#record(stream, (take) => this.#splitters[stream].flush(take))
    }
  }

  async *read(options: LogReadOptions): AsyncGenerator<LogEntry> {
    // A follower must find a file, or a rotation before its first look would take that file away.
    if (options.follow) this.#segments.open()
    const follower: Follower = { readers: this.#open(options.tail), wake() {}, ended: false }
    const stopListening = options.follow
      ? this.#segments.onRotation((file) => follower.readers.push(new LineReader(file)))
      : () => {}
    if (options.follow) this.#followers.add(follower)
    const wake = () => follower.wake()
    options.signal.addEventListener('abort', wake, { once: true })
    try {
      yield* this.#entries(follower, options)
    } finally {
      stopListening()
      options.signal.removeEventListener('abort', wake)
      this.#followers.delete(follower)
      for (const reader of follower.readers) reader.close()
    }
  }

  endFollowers(): void {
    for (const follower of this.#followers) {
      follower.ended = true
      follower.wake()
    }
  }

  close(): void {
    this.endFollowers()
    this.#segments.close()
  }

  remove(): void {
    this.endFollowers()
    this.#segments.remove()
  }

  /** Writes the lines of one chunk together, with one time stamp. */
  #record(stream: 'stdout' | 'stderr', split: (take: (line: Uint8Array) => void) => void): void {
    let written = false
    const encoder = new RecordEncoder(stream, recordTime(nowNanoseconds()), this.#attributes, (records) => {
      this.#segments.append(records)
      written = true
    })
    split((line) => encoder.add(line))
    encoder.finish()
    if (written) for (const follower of this.#followers) follower.wake()
  }

  #open(tail: number | undefined): LineReader[] {
    const files = this.#segments.list()
    if (tail === undefined) return files.map((file) => new LineReader(file))
    const readers: LineReader[] = []
    let wanted = tail
    for (const file of files.reverse()) {
      const { position, lines } = tailPosition(file, wanted)
      readers.unshift(new LineReader(file, position))
      wanted -= lines
      if (wanted <= 0) break
    }
    return readers
  }

  async *#entries(follower: Follower, options: LogReadOptions): AsyncGenerator<LogEntry> {
    const { since, until, signal, follow } = options
    while (!signal.aborted) {
      // Taken before reading: what is written after it wakes the follower again.
      const { ended } = follower
      for (const line of follower.readers[0]?.next() ?? []) {
        if (signal.aborted) return
        const entry = decodeRecord(line)
        if (entry === undefined || (since !== undefined && entry.nanoseconds < since)) continue
        if (until !== undefined && entry.nanoseconds > until) return
        yield entry
      }
      if (this.#advance(follower)) continue
      if (!follow || ended) return
      await this.#more(follower, options)
      if (until !== undefined && nowNanoseconds() > until && !this.#advance(follower)) follower.ended = true
    }
  }

  /** Whether there is more to read now: in the current file, or in the next. */
  #advance(follower: Follower): boolean {
    const [current, next] = follower.readers
    if (current === undefined) return false
    if (current.pending()) return true
    if (next === undefined) return false
    current.close()
    follower.readers.shift()
    return true
  }

  /** Waits for a record, the end, the abort, or the time that `until` names. */
  async #more(follower: Follower, { until, signal }: LogReadOptions): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    follower.wake = resolve
    if (follower.ended || signal.aborted || follower.readers[0]?.pending()) resolve()
    const left = until === undefined ? undefined : Number((until - nowNanoseconds()) / 1_000_000n) + 1
    const timer = left === undefined ? undefined : setTimeout(resolve, Math.min(Math.max(left, 0), 2 ** 31 - 1))
    await promise
    clearTimeout(timer)
  }
}
