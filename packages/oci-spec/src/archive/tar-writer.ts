// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { bytesOfName, compareNames } from './name-bytes.ts'
import { blockSize, type TarEntry, type TarEntryType } from './tar-header.ts'

const flags: Readonly<Record<TarEntryType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
}

/** The largest number that fits the digits of a header's field. */
const maximumOctal = { id: 0o7777777, size: 0o77777777777 }
const maximumTime = BigInt(maximumOctal.size) * 1_000_000_000n

/** What ends an archive: two blocks of zeros. @public */
export const tarEnd: Uint8Array = new Uint8Array(2 * blockSize)

/** How many bytes of zeros follow the data of an entry. @public */
export function tarPadding(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize
}

/**
 * The header of an entry: one block, with an extended header before it where that cannot say everything. Equal
 * entries give equal bytes. Names are written byte for byte, also those that are not UTF-8, as Go's writers do it; POSIX
 * has a record `hdrcharset=BINARY` for them, which neither Go nor GNU tar writes.
 *
 * @public
 */
export function tarHeader(entry: TarEntry): Buffer {
  if (entry.name.includes('\0') || entry.linkName.includes('\0'))
    throw new StackError('invalid-argument', `entry ${JSON.stringify(entry.name)} has a NUL in its name`)
  const records = paxRecordsOf(entry)
  const block = headerBlock(entry, flags[entry.type], bytesOfName(entry.name), bytesOfName(entry.linkName))
  if (records.length === 0) return block
  const name = bytesOfName(`PaxHeaders.0/${entry.name.split('/').filter(Boolean).at(-1) ?? ''}`)
  const plain = { ...entry, mode: 0o644, uid: 0, gid: 0, size: records.length, mtimeNs: 0n, major: 0, minor: 0 }
  const padding = Buffer.alloc(tarPadding(records.length))
  return Buffer.concat([headerBlock(plain, 'x', name, Buffer.alloc(0)), records, padding, block])
}

function paxRecordsOf(entry: TarEntry): Buffer {
  const records = new Map<string, Uint8Array>()
  const add = (key: string, value: string) => records.set(key, bytesOfName(value))
  if (!fits(entry.name)) add('path', entry.name)
  if (!fits(entry.linkName)) add('linkpath', entry.linkName)
  if (entry.size > maximumOctal.size) add('size', String(entry.size))
  if (entry.uid > maximumOctal.id) add('uid', String(entry.uid))
  if (entry.gid > maximumOctal.id) add('gid', String(entry.gid))
  const plainTime = entry.mtimeNs % 1_000_000_000n === 0n && entry.mtimeNs >= 0n && entry.mtimeNs <= maximumTime
  if (!plainTime) add('mtime', paxTime(entry.mtimeNs))
  for (const [name, value] of entry.xattrs) records.set(`SCHILY.xattr.${name}`, value)
  const sorted = [...records].sort(([a], [b]) => compareNames(a, b))
  return Buffer.concat(sorted.map(([key, value]) => paxRecord(key, value)))
}

/** Whether a text can stand in the header itself: short, and in the one alphabet that all readers agree on. */
function fits(name: string): boolean {
  return name.length <= 100 && /^[\x20-\x7e]*$/.test(name)
}

function paxTime(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? '-' : ''
  const absolute = nanoseconds < 0n ? -nanoseconds : nanoseconds
  const fraction = String(absolute % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${sign}${absolute / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`}`
}

/** The length counts its own digits. */
function paxRecord(key: string, value: Uint8Array): Buffer {
  const rest = Buffer.concat([bytesOfName(` ${key}=`), value, Buffer.from('\n')])
  let length = rest.length
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return Buffer.concat([Buffer.from(String(length)), rest])
}

function headerBlock(entry: TarEntry, flag: string, name: Buffer, linkName: Buffer): Buffer {
  const block = Buffer.alloc(blockSize)
  name.copy(block, 0, 0, 100)
  octal(block, 100, 8, entry.mode & 0o7777)
  octal(block, 108, 8, Math.min(entry.uid, maximumOctal.id))
  octal(block, 116, 8, Math.min(entry.gid, maximumOctal.id))
  octal(block, 124, 12, Math.min(entry.size, maximumOctal.size))
  const seconds = entry.mtimeNs < 0n ? 0 : Number(entry.mtimeNs / 1_000_000_000n)
  octal(block, 136, 12, Math.min(seconds, maximumOctal.size))
  block.write(flag, 156, 'latin1')
  linkName.copy(block, 157, 0, 100)
  block.write('ustar\x0000', 257, 'latin1')
  octal(block, 329, 8, entry.major)
  octal(block, 337, 8, entry.minor)
  block.fill(0x20, 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

function octal(block: Buffer, start: number, length: number, value: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, start, 'latin1')
}
