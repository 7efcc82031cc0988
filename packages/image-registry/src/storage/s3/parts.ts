// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { CopySource } from './bucket.ts'

/** What the protocol asks of every part but the last, and how many parts it takes. @internal */
export const minimumPart = 5 * 1024 * 1024
const maximumParts = 10_000
/** The most that is copied by one request. */
const maximumCopied = 1024 * 1024 * 1024

/** Some bytes under a key, or a stretch of them. @internal */
export interface Piece {
  key: string
  start: number
  size: number
}

/**
 * Divides pieces, in their order, into parts: each long enough to be one is copied by the service; shorter ones are
 * joined, to be read and sent again.
 *
 * @internal
 */
export function planParts(pieces: readonly Piece[]): CopySource[][] {
  const parts: CopySource[][] = []
  let joined: Piece[] = []
  for (const piece of pieces.flatMap(split)) {
    if (joined.length === 0 && piece.size >= minimumPart) {
      parts.push([sourceOf(piece)])
      continue
    }
    joined.push(piece)
    if (joined.reduce((sum, { size }) => sum + size, 0) < minimumPart) continue
    parts.push(joined.map(sourceOf))
    joined = []
  }
  if (joined.length > 0) parts.push(joined.map(sourceOf))
  if (parts.length > maximumParts)
    throw new StackError('resource-exhausted', `${pieces[0]?.key}: more than ${maximumParts} parts`)
  return parts
}

function split(piece: Piece): Piece[] {
  const pieces: Piece[] = []
  for (let done = 0; done < piece.size; done += maximumCopied)
    pieces.push({ ...piece, start: piece.start + done, size: Math.min(maximumCopied, piece.size - done) })
  return pieces
}

function sourceOf({ key, start, size }: Piece): CopySource {
  return { key, range: { start, end: start + size - 1 } }
}
