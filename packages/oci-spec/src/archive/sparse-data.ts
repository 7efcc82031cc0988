// SPDX-License-Identifier: Apache-2.0
import { checkSparseMap, LeadingMap, type SparsePiece } from './sparse-map.ts'
import { blockSize, invalidHeader } from './tar-header.ts'

/** The receiver of a sparse file's content, in order. */
export interface SparseSink {
  data(chunk: Uint8Array): void
  hole(length: number): void
}

/** Tells a sink what a sparse file holds, from the data that the archive has of it. */
export class SparseData {
  readonly #sink: SparseSink
  readonly #size: number
  #pieces: readonly SparsePiece[] | undefined
  readonly #leading = new LeadingMap()
  #block: Buffer = Buffer.alloc(0)
  /** Bytes of the archive that are still to come, the leading map among them. */
  #stored: number
  #piece = 0
  #position = 0

  /**
   * @param pieces - undefined when they are told before the data
   * @param size - of the file with its zeros
   * @param stored - how many bytes the archive has of it
   */
  constructor(sink: SparseSink, pieces: readonly SparsePiece[] | undefined, size: number, stored: number) {
    this.#sink = sink
    this.#size = size
    this.#stored = stored
    if (pieces !== undefined) this.#begin(pieces)
  }

  push(data: Buffer): void {
    let at = 0
    while (this.#pieces === undefined && at < data.length) {
      const part = data.subarray(at, at + blockSize - this.#block.length)
      at += part.length
      this.#block = Buffer.concat([this.#block, part])
      if (this.#block.length < blockSize) continue
      this.#stored -= blockSize
      const pieces = this.#leading.take(this.#block)
      this.#block = Buffer.alloc(0)
      if (pieces !== undefined) this.#begin(pieces)
    }
    while (at < data.length) at += this.#take(data.subarray(at))
  }

  /** The data is complete: what is left of the file is zeros. */
  end(): void {
    if (this.#pieces === undefined) throw invalidHeader('malformed sparse map')
    this.#skipTo(this.#size)
  }

  #begin(pieces: readonly SparsePiece[]): void {
    checkSparseMap({ pieces, size: this.#size }, this.#stored)
    this.#pieces = pieces.filter(({ length }) => length > 0)
  }

  #take(data: Buffer): number {
    const piece = this.#pieces![this.#piece]!
    if (this.#position < piece.offset) this.#skipTo(piece.offset)
    const part = data.subarray(0, piece.offset + piece.length - this.#position)
    this.#sink.data(part)
    this.#position += part.length
    if (this.#position === piece.offset + piece.length) this.#piece++
    return part.length
  }

  #skipTo(offset: number): void {
    if (offset > this.#position) this.#sink.hole(offset - this.#position)
    this.#position = offset
  }
}
