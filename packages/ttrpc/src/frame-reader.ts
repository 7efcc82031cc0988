// SPDX-License-Identifier: Apache-2.0
import { decodeHeader, type Frame, type FrameHeader, headerLength } from './frame.ts'
import { maximumMessageLength } from './limits.ts'

/**
 * Cuts a byte stream into frames, however it was chunked. Memory grows with what has arrived, never with what a
 * header promises; the body of an oversized frame is dropped as it comes.
 *
 * @internal
 */
export class FrameReader {
  #pending: Buffer[] = []
  #pendingLength = 0
  #header: FrameHeader | undefined
  #toSkip = 0

  /** Whether the bytes so far end between two frames. */
  get atBoundary(): boolean {
    return this.#header === undefined && this.#pendingLength === 0 && this.#toSkip === 0
  }

  /** Takes the next bytes, and calls `emit` for every frame that they complete. */
  push(chunk: Buffer, emit: (frame: Frame) => void): void {
    let rest = this.#skip(chunk)
    if (rest.length === 0) return
    this.#pending.push(rest)
    this.#pendingLength += rest.length
    for (;;) {
      const wanted = this.#header?.length ?? headerLength
      if (this.#pendingLength < wanted) return
      const bytes = this.#take(wanted)
      if (this.#header !== undefined) {
        const header = this.#header
        this.#header = undefined
        emit({ ...header, body: bytes })
        continue
      }
      const header = decodeHeader(bytes)
      if (header.length <= maximumMessageLength) {
        this.#header = header
        continue
      }
      emit({ ...header, body: undefined })
      this.#toSkip = header.length
      rest = this.#skip(this.#take(this.#pendingLength))
      if (rest.length === 0) return
      this.#pending.push(rest)
      this.#pendingLength = rest.length
    }
  }

  #skip(chunk: Buffer): Buffer {
    const skipped = Math.min(this.#toSkip, chunk.length)
    this.#toSkip -= skipped
    return skipped === 0 ? chunk : chunk.subarray(skipped)
  }

  #take(length: number): Buffer {
    const all = this.#pending.length === 1 ? (this.#pending[0] as Buffer) : Buffer.concat(this.#pending)
    const rest = all.subarray(length)
    this.#pending = rest.length === 0 ? [] : [rest]
    this.#pendingLength = rest.length
    return all.subarray(0, length)
  }
}
