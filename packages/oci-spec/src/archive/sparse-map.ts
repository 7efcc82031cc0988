// SPDX-License-Identifier: Apache-2.0
import { blockSize, invalidHeader, numberField } from './tar-header.ts'

/** Where a piece of data lies in a file; between the pieces are zeros. */
export interface SparsePiece {
  offset: number
  length: number
}

/** A file of which the archive holds the data, and not the zeros. */
export interface SparseMap {
  pieces: readonly SparsePiece[]
  /** The size of the file with its zeros, in bytes. */
  size: number
}

/** The most pieces that a file may have: as many as a map of 1 MiB can tell at least. */
const maximumPieces = Math.floor((1024 * 1024) / 24)
const gnuPlaces = { first: { at: 386, count: 4, more: 482 }, next: { at: 0, count: 21, more: 504 } } as const

/** The size of a GNU file with its zeros. */
export function gnuRealSize(block: Buffer): number {
  return numberField(block, 483, 12)
}

/**
 * Adds the pieces that a block of a GNU entry tells: its header, or one of the blocks that follow it.
 *
 * @returns whether another block with pieces follows
 */
export function addGnuPieces(pieces: SparsePiece[], block: Buffer, which: 'first' | 'next'): boolean {
  const { at, count, more } = gnuPlaces[which]
  for (let i = 0; i < count && block[at + 24 * i] !== 0; i++)
    addPiece(pieces, numberField(block, at + 24 * i, 12), numberField(block, at + 24 * i + 12, 12))
  return block[more] !== 0
}

/** The map of an extended header, formats 0.0 and 0.1: offsets and lengths in turn. */
export function paxPieces(text: string, announced: string): SparsePiece[] {
  const numbers = text.split(',').map(decimal)
  if (numbers.length % 2 !== 0 || numbers.length !== 2 * decimal(announced)) throw malformed()
  return piecesOf(numbers)
}

/** The map that comes before the data, format 1.0: lines of decimal digits, filled up to whole blocks. */
export class LeadingMap {
  #numbers: number[] = []
  #digits = ''

  /**
   * Reads one block more.
   *
   * @returns the pieces when they are complete
   */
  take(block: Buffer): SparsePiece[] | undefined {
    for (let at = 0; at < blockSize; at++) {
      if (block[at] !== 0x0a) {
        this.#digits += String.fromCharCode(block[at]!)
        continue
      }
      this.#numbers.push(decimal(this.#digits))
      this.#digits = ''
      const [count = 0] = this.#numbers
      if (count > maximumPieces) throw malformed()
      if (this.#numbers.length === 1 + 2 * count) return piecesOf(this.#numbers.slice(1))
    }
    if (this.#digits.length > 20) throw malformed()
    return undefined
  }
}

/** @throws `invalid-argument` when pieces lie over one another, are out of order or beyond the end */
export function checkSparseMap({ pieces, size }: SparseMap, stored: number): void {
  let end = 0
  let total = 0
  for (const { offset, length } of pieces) {
    if (offset < end || !Number.isSafeInteger(offset + length) || offset + length > size) throw malformed()
    end = offset + length
    total += length
  }
  if (total !== stored) throw malformed()
}

function piecesOf(numbers: readonly number[]): SparsePiece[] {
  const pieces: SparsePiece[] = []
  for (let i = 0; i < numbers.length; i += 2) addPiece(pieces, numbers[i]!, numbers[i + 1]!)
  return pieces
}

function addPiece(pieces: SparsePiece[], offset: number, length: number): void {
  if (pieces.length >= maximumPieces) throw malformed()
  pieces.push({ offset, length })
}

function decimal(text: string): number {
  const value = Number(text)
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(value)) throw malformed()
  return value
}

function malformed(): Error {
  return invalidHeader('malformed sparse map')
}
