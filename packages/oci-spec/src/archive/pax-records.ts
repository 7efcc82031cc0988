// SPDX-License-Identifier: Apache-2.0
import { invalidHeader, type RawHeader } from './tar-header.ts'

const xattrPrefix = 'SCHILY.xattr.'
const numbers: Readonly<Record<string, 'size' | 'uid' | 'gid'>> = { size: 'size', uid: 'uid', gid: 'gid' }
const texts: Readonly<Record<string, 'name' | 'linkName'>> = { path: 'name', linkpath: 'linkName' }
const times: Readonly<Record<string, 'mtimeNs' | 'atimeNs'>> = { mtime: 'mtimeNs', atime: 'atimeNs' }

/** The records of an extended header, in order; a later one of the same key wins. Values are bytes. */
export function parsePaxRecords(data: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>()
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at)
    const digits = space < 0 ? '' : data.toString('latin1', at, space)
    if (!/^[1-9][0-9]{0,9}$/.test(digits)) throw invalidHeader('malformed extended header')
    const end = at + Number(digits)
    const equals = data.indexOf(0x3d, space)
    if (end > data.length || data[end - 1] !== 0x0a || equals < 0 || equals >= end || equals === space + 1)
      throw invalidHeader('malformed extended header')
    records.set(data.toString('utf8', space + 1, equals), data.subarray(equals + 1, end - 1))
    at = end
  }
  return records
}

/** Changes a header as its extended header says, and returns the extended attributes among it. */
export function applyPaxRecords(header: RawHeader, records: ReadonlyMap<string, Buffer>): Map<string, Uint8Array> {
  const xattrs = new Map<string, Uint8Array>()
  for (const [key, value] of records) {
    if (key.startsWith(xattrPrefix)) {
      xattrs.set(checkedText(key.slice(xattrPrefix.length), key), Uint8Array.from(value))
      continue
    }
    if (key.startsWith('GNU.sparse.')) throw invalidHeader('sparse files are not supported', header.name)
    // An empty value takes the field back to what the header block says.
    if (value.length === 0) continue
    const content = checkedText(value.toString(), key)
    if (Object.hasOwn(texts, key)) header[texts[key]!] = content
    else if (Object.hasOwn(numbers, key)) header[numbers[key]!] = paxNumber(key, content)
    else if (Object.hasOwn(times, key)) header[times[key]!] = paxTime(key, content)
  }
  return xattrs
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
