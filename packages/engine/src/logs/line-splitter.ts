// SPDX-License-Identifier: Apache-2.0

/** Longest record: a longer line is kept in several, as in the original. */
export const maximumLine = 16 * 1024

/**
 * Cuts a stream of bytes into lines. `push` hands every whole line, end included, to `take`; the rest is kept until
 * more comes.
 */
export class LineSplitter {
  #rest: Uint8Array = new Uint8Array(0)

  push(chunk: Uint8Array, take: (line: Uint8Array) => void): void {
    const data = this.#rest.byteLength === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let start = 0
    while (start < data.byteLength) {
      const newline = data.indexOf(10, start)
      const end = newline < 0 ? data.byteLength : newline + 1
      if (newline < 0 && end - start < maximumLine) break
      const stop = Math.min(end, start + maximumLine)
      take(data.subarray(start, stop))
      start = stop
    }
    // A copy, so that a short rest does not hold a whole chunk.
    this.#rest = start < data.byteLength ? Uint8Array.prototype.slice.call(data, start) : new Uint8Array(0)
  }

  flush(take: (line: Uint8Array) => void): void {
    if (this.#rest.byteLength > 0) take(this.#rest)
    this.#rest = new Uint8Array(0)
  }
}
