// SPDX-License-Identifier: Apache-2.0
import { isAscii, isUtf8 } from 'node:buffer'

/** What JSON writes for each byte below 0x80 that cannot stand for itself; all others may. */
const escapes: (Buffer | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x80) return undefined
  const text = JSON.stringify(String.fromCharCode(byte)).slice(1, -1)
  return text.length > 1 ? Buffer.from(text) : undefined
})

/** 1 for the bytes that stand for themselves. */
const plain = Uint8Array.from(escapes, (replacement) => (replacement === undefined ? 1 : 0))

/** The most bytes that one byte of output becomes; one that is not UTF-8 becomes three. */
const worstFactor = 6

/** From how many equal bytes on a run is looked for and written as one. */
const shortestRun = 16

/** From how many bytes on a copy is the runtime's work. */
const shortestCopy = 64

/** How many bytes of records are gathered before they are handed on. */
const batchSize = 512 * 1024

/** One for all logs: encoding never waits, so that nobody else can come in between. */
let batch: Buffer | undefined

/**
 * Writes records of the json-file format, `{"log":…,"stream":…,"attrs":…,"time":…}` and a line end, as bytes: binary
 * output grows sixfold, and as text it would be copied five times. Bytes that are not UTF-8 become U+FFFD.
 */
export class RecordEncoder {
  readonly #tail: Buffer
  readonly #flush: (records: Uint8Array) => void
  #end = 0

  /**
   * @param attributes - JSON of the extra attributes, empty for none
   * @param flush - takes whole records; they are only valid during the call
   */
  constructor(stream: string, time: string, attributes: string, flush: (records: Uint8Array) => void) {
    const extra = attributes === '' ? '' : `"attrs":${attributes},`
    this.#tail = Buffer.from(`","stream":"${stream}",${extra}"time":"${time}"}\n`)
    this.#flush = flush
  }

  /** Adds the record of one line, whose end is a part of it. */
  add(line: Uint8Array): void {
    const source = validUtf8(line)
    const longest = head.length + source.length * worstFactor + this.#tail.length
    const target = this.#room(longest)
    let at = this.#end
    at += head.copy(target, at)
    at = escapeInto(target, at, source)
    this.#end = at + this.#tail.copy(target, at)
  }

  /** Hands on what is left. */
  finish(): void {
    if (this.#end === 0) return
    this.#flush(batch!.subarray(0, this.#end))
    this.#end = 0
  }

  #room(bytes: number): Buffer {
    if (batch !== undefined && batch.length - this.#end >= bytes) return batch
    this.finish()
    if (batch === undefined || batch.length < bytes) batch = Buffer.allocUnsafeSlow(Math.max(batchSize, bytes))
    return batch
  }
}

const head = Buffer.from('{"log":"')

function validUtf8(line: Uint8Array): Buffer {
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.byteLength)
  return isAscii(bytes) || isUtf8(bytes) ? bytes : Buffer.from(bytes.toString('utf8'))
}

/** Returns where the text ends. */
function escapeInto(target: Buffer, start: number, source: Buffer): number {
  let to = start
  for (let from = 0; from < source.length; ) {
    const byte = source[from]!
    const replacement = escapes[byte]
    if (replacement === undefined) {
      const end = plainEnd(source, from)
      to = copyInto(target, to, source, from, end)
      from = end
    } else {
      const end = runEnd(source, from)
      const bytes = (end - from) * replacement.length
      if (end - from < shortestRun)
        for (let at = to; at < to + bytes; at += replacement.length) target.set(replacement, at)
      else target.fill(replacement, to, to + bytes)
      to += bytes
      from = end
    }
  }
  return to
}

function copyInto(target: Buffer, to: number, source: Buffer, from: number, end: number): number {
  if (end - from >= shortestCopy) return to + source.copy(target, to, from, end)
  for (let at = from; at < end; at++) target[to++] = source[at]!
  return to
}

function plainEnd(source: Buffer, from: number): number {
  let end = from + 1
  while (end < source.length && plain[source[end]!] === 1) end++
  return end
}

/** Where the bytes end that are the same as the first. Long runs are compared with themselves, one byte further on. */
function runEnd(source: Buffer, from: number): number {
  const byte = source[from]
  let end = from + 1
  while (end < source.length && end - from < shortestRun && source[end] === byte) end++
  if (end - from < shortestRun) return end
  for (let step = 256; end + step <= source.length; step *= 2)
    if (source.compare(source, end - 1, end + step - 1, end, end + step) === 0) end += step
    else break
  while (end < source.length && source[end] === byte) end++
  return end
}
