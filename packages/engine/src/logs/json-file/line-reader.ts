// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const blockSize = 256 * 1024

/** Reads whole lines of one file from a place on, as far as the file has been written. */
export class LineReader {
  readonly #fd: number
  #position: number
  readonly #buffer = Buffer.allocUnsafe(blockSize)
  /** The file's size when there was nothing but an unfinished line to read. */
  #unfinished = -1

  constructor(file: string, position = 0) {
    this.#fd = openSync(file, 'r')
    this.#position = position
  }

  /** The next lines; empty when there is no whole one yet. A line's end is not part of it. */
  next(): string[] {
    const chunks: Buffer[] = []
    let length = readSync(this.#fd, this.#buffer, 0, blockSize, this.#position)
    // Only whole lines are decoded: a block may end inside a character.
    let end = lastLineEnd(this.#buffer, length)
    while (length > 0 && end === 0) {
      chunks.push(Buffer.from(this.#buffer.subarray(0, length)))
      this.#position += length
      length = readSync(this.#fd, this.#buffer, 0, blockSize, this.#position)
      end = lastLineEnd(this.#buffer, length)
    }
    if (length <= 0) {
      // An unfinished line is read again when its end has been written.
      for (const chunk of chunks) this.#position -= chunk.length
      this.#unfinished = fstatSync(this.#fd).size
      return []
    }
    this.#position += end
    const text = Buffer.concat([...chunks, this.#buffer.subarray(0, end)]).toString('utf8')
    const lines = text.split('\n')
    lines.pop()
    return lines
  }

  /** Whether more has been written since the last {@link next}. */
  pending(): boolean {
    const { size } = fstatSync(this.#fd)
    return size > this.#position && size !== this.#unfinished
  }

  close(): void {
    closeSync(this.#fd)
  }
}

function lastLineEnd(buffer: Buffer, length: number): number {
  return length > 0 ? buffer.lastIndexOf(10, length - 1) + 1 : 0
}

/**
 * Where the last `count` lines of a file begin, and how many lines that are: fewer when the file has fewer. Reads
 * backwards from the end.
 */
export function tailPosition(file: string, count: number): { position: number; lines: number } {
  const fd = openSync(file, 'r')
  try {
    const buffer = Buffer.allocUnsafe(blockSize)
    let lines = 0
    for (let end = fstatSync(fd).size; end > 0; ) {
      const start = Math.max(0, end - blockSize)
      const length = readSync(fd, buffer, 0, end - start, start)
      for (let at = buffer.lastIndexOf(10, length - 1); at >= 0; at = at > 0 ? buffer.lastIndexOf(10, at - 1) : -1) {
        // Every newline ends a line; the one before the wanted lines is where they begin.
        if (lines === count) return { position: start + at + 1, lines }
        lines++
      }
      end = start
    }
    return { position: 0, lines }
  } finally {
    closeSync(fd)
  }
}
