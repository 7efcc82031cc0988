// SPDX-License-Identifier: Apache-2.0

/** Bytes from `start` to `end`, both included. @public */
export interface ByteRange {
  start: number
  end: number
}

/** Digits beyond this cannot be an exact number. */
const number = '([0-9]{1,15})'
const uploadRange = new RegExp(`^(?:bytes=)?${number}-${number}$`)
const contentRange = new RegExp(`^bytes ${number}-${number}/(?:${number}|\\*)$`)
const requestRange = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/

/**
 * Reads the range of an upload's chunk (`Content-Range: 0-1023`) or of what arrived so far (`Range: 0-1023`).
 * `undefined` for anything else.
 *
 * @public
 */
export function parseUploadRange(value: string): ByteRange | undefined {
  const match = uploadRange.exec(value.trim())
  const range = match && { start: Number(match[1]), end: Number(match[2]) }
  return range && range.start <= range.end ? range : undefined
}

/** How much of an upload of `received` bytes arrived, as distribution writes it: `0-0` stands for none as well as for one. @public */
export function formatUploadRange(received: number): string {
  return `0-${Math.max(0, received - 1)}`
}

/** Reads the `Content-Range` of a 206 answer; `undefined` for anything else. `size` is missing when it said `*`. @public */
export function parseContentRange(value: string): (ByteRange & { size?: number }) | undefined {
  const match = contentRange.exec(value.trim())
  if (match === null) return undefined
  const [start, end] = [Number(match[1]), Number(match[2])]
  if (start > end) return undefined
  return match[3] === undefined ? { start, end } : { start, end, size: Number(match[3]) }
}

/** Writes the `Content-Range` of a 206 answer. @public */
export function formatContentRange(range: ByteRange, size: number): string {
  return `bytes ${range.start}-${range.end}/${size}`
}

/**
 * Reads a request's `Range` against a body of `size` bytes: a range, `unsatisfiable` (answer 416), or `undefined` for a
 * header that is to be ignored: another unit, several ranges, or no number at all.
 *
 * @public
 */
export function resolveRange(header: string, size: number): ByteRange | 'unsatisfiable' | undefined {
  const match = requestRange.exec(header.trim())
  const [first = '', last = ''] = match?.slice(1) ?? []
  if (first === '' && last === '') return undefined
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}
