// SPDX-License-Identifier: Apache-2.0
import { nameOfBytes } from './name-bytes.ts'
import { paxPieces, type SparsePiece } from './sparse-map.ts'
import { invalidHeader, type RawHeader } from './tar-header.ts'

const xattrPrefix = 'SCHILY.xattr.'
const sparsePrefix = 'GNU.sparse.'
const numbers: Readonly<Record<string, 'size' | 'uid' | 'gid'>> = { size: 'size', uid: 'uid', gid: 'gid' }
const texts: Readonly<Record<string, 'name' | 'linkName'>> = { path: 'name', linkpath: 'linkName' }
const times: Readonly<Record<string, 'mtimeNs' | 'atimeNs'>> = { mtime: 'mtimeNs', atime: 'atimeNs' }

/** The facts that an extended header tells about a file whose zeros the archive leaves out. */
export interface PaxSparse {
  /** The size of the file with its zeros, in bytes. */
  size: number
  /** Undefined when the pieces are told before the data. */
  pieces: SparsePiece[] | undefined
}

/** The values that the records add to a header. */
export interface PaxAdditions {
  xattrs: Map<string, Uint8Array>
  sparse: PaxSparse | undefined
}

/**
 * The records of an extended header, in order; a later one of the same key wins. Values are bytes. The pieces of a
 * sparse file, of which format 0.0 has one record each, are joined to the map that format 0.1 has.
 */
export function parsePaxRecords(data: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>()
  const pieces: string[] = []
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at)
    const digits = space < 0 ? '' : data.toString('latin1', at, space)
    if (!/^[1-9][0-9]{0,9}$/.test(digits)) throw invalidHeader('malformed extended header')
    const end = at + Number(digits)
    const equals = data.indexOf(0x3d, space)
    if (end > data.length || data[end - 1] !== 0x0a || equals < 0 || equals >= end || equals === space + 1)
      throw invalidHeader('malformed extended header')
    const key = nameOfBytes(data.subarray(space + 1, equals))
    const value = data.subarray(equals + 1, end - 1)
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') {
      if ((key === 'GNU.sparse.offset') !== (pieces.length % 2 === 0)) throw invalidHeader('malformed sparse map')
      pieces.push(value.toString('latin1'))
    } else records.set(key, value)
    at = end
  }
  if (pieces.length > 0) records.set('GNU.sparse.map', Buffer.from(pieces.join(',')))
  return records
}

/** Changes a header as its extended header says, and returns what has no place in it. */
export function applyPaxRecords(header: RawHeader, records: ReadonlyMap<string, Buffer>): PaxAdditions {
  const xattrs = new Map<string, Uint8Array>()
  for (const [key, value] of records) {
    if (key.startsWith(xattrPrefix)) {
      xattrs.set(checkedText(key.slice(xattrPrefix.length), key), Uint8Array.from(value))
      continue
    }
    // An empty value takes the field back to what the header block says.
    if (value.length === 0 || key.startsWith(sparsePrefix)) continue
    const content = checkedText(nameOfBytes(value), key)
    if (Object.hasOwn(texts, key)) header[texts[key]!] = content
    else if (Object.hasOwn(numbers, key)) header[numbers[key]!] = paxNumber(key, content)
    else if (Object.hasOwn(times, key)) header[times[key]!] = paxTime(key, content)
  }
  return { xattrs, sparse: sparseOf(header, records) }
}

/** The formats 0.0, 0.1 and 1.0 of GNU tar. The name in the header is one that its writer made up. */
function sparseOf(header: RawHeader, records: ReadonlyMap<string, Buffer>): PaxSparse | undefined {
  const text = (key: string) => nameOfBytes(records.get(`${sparsePrefix}${key}`) ?? Buffer.alloc(0))
  const version = [text('major'), text('minor')].join('.')
  if (version === '.' && text('map') === '') {
    // A file of zeros alone has no piece, and in format 0.0 then no map.
    if (text('numblocks') === '') return undefined
  } else if (!['.', '0.0', '0.1', '1.0'].includes(version))
    throw invalidHeader(`sparse files of format ${version} are not supported`, header.name)
  const [size, name] = [text('size') || text('realsize'), text('name')]
  if (name !== '') header.name = checkedText(name, 'GNU.sparse.name')
  const real = size === '' ? header.size : paxNumber('GNU.sparse.size', size)
  if (version === '1.0') return { size: real, pieces: undefined }
  return { size: real, pieces: text('map') === '' ? [] : paxPieces(text('map'), text('numblocks')) }
}

function checkedText(content: string, key: string): string {
  if (content.includes('\0')) throw invalidHeader(`NUL in ${key}`)
  return content
}

function paxNumber(key: string, content: string): number {
  const value = Number(content)
  if (!/^[0-9]+$/.test(content) || !Number.isSafeInteger(value)) throw invalidHeader(`malformed ${key}`)
  return value
}

/** Seconds with a fraction, as nanoseconds; digits beyond are dropped. */
function paxTime(key: string, content: string): bigint {
  const parts = /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/.exec(content)
  if (parts === null) throw invalidHeader(`malformed ${key}`)
  const [, sign, seconds = '0', fraction = ''] = parts
  const value = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  return sign === '-' ? -value : value
}
