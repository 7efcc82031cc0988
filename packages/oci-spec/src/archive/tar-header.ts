// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { nameOfBytes } from './name-bytes.ts'

/** The size of a block of a tar archive, in bytes. @public */
export const blockSize = 512

/** What an entry is. @public */
export type TarEntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'character-device' | 'block-device' | 'fifo'

/**
 * An entry of an archive, with what extended headers say of it. Its name, what it links to and the names of its
 * attributes are bytes in the archive: here they are text in the lossless form of {@link nameOfBytes}.
 *
 * @public
 */
export interface TarEntry {
  /** The path as it is written, not resolved and not trusted. */
  name: string
  type: TarEntryType
  /** What a link points to, as it is written; else empty. */
  linkName: string
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  mode: number
  uid: number
  gid: number
  /** The size of a file in bytes, with the zeros that the archive of a sparse one leaves out; 0 for other types. */
  size: number
  /** In nanoseconds since 1970. */
  mtimeNs: bigint
  /** In nanoseconds since 1970; undefined when the archive does not tell. */
  atimeNs: bigint | undefined
  major: number
  minor: number
  /** Extended attributes, by full name; the values are bytes. */
  xattrs: ReadonlyMap<string, Uint8Array>
}

/** A header block before extended headers are applied to it. */
export interface RawHeader extends Omit<TarEntry, 'type' | 'xattrs'> {
  /** One character. */
  flag: string
}

const entryTypes: Readonly<Record<string, TarEntryType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  // GNU's sparse files.
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
}

/** The type that a flag means. @throws `invalid-argument` for one that is not known */
export function entryTypeOf({ flag, name }: RawHeader): TarEntryType {
  const type = Object.hasOwn(entryTypes, flag) ? entryTypes[flag] : undefined
  if (type === undefined) throw invalidHeader(`unhandled tar header type ${JSON.stringify(flag)}`, name)
  // Archives from before POSIX have no flag for directories.
  return flag === '\0' && name.endsWith('/') ? 'directory' : type
}

/** Reads a header block. @throws `invalid-argument` when its checksum is wrong or a number is malformed */
export function parseHeader(block: Buffer): RawHeader {
  if (!checksumMatches(block)) throw invalidHeader('checksum mismatch')
  const magic = block.toString('latin1', 257, 265)
  const posix = magic.startsWith('ustar\0')
  const gnu = magic === 'ustar  \0'
  const prefix = posix ? text(block, 345, 155) : ''
  const name = text(block, 0, 100)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: numberField(block, 100, 8) & 0o7777,
    uid: numberField(block, 108, 8),
    gid: numberField(block, 116, 8),
    size: numberField(block, 124, 12),
    mtimeNs: BigInt(numberField(block, 136, 12, true)) * 1_000_000_000n,
    flag: String.fromCharCode(block[156]!),
    linkName: text(block, 157, 100),
    major: posix || gnu ? numberField(block, 329, 8) : 0,
    minor: posix || gnu ? numberField(block, 337, 8) : 0,
    atimeNs: undefined,
  }
}

/** The error of a header that is not one, with containerd's words. */
export function invalidHeader(why: string, name = ''): StackError {
  const where = name === '' ? '' : ` of ${JSON.stringify(name.slice(0, 256))}`
  return new StackError('invalid-argument', `archive/tar: invalid tar header${where}: ${why}: invalid argument`)
}

function text(block: Buffer, start: number, length: number): string {
  const end = block.indexOf(0, start)
  return nameOfBytes(block.subarray(start, end < 0 || end > start + length ? start + length : end))
}

/** Octal digits, or a big-endian number when the first bit is set. */
export function numberField(block: Buffer, start: number, length: number, signed = false): number {
  if ((block[start]! & 0x80) !== 0) return binary(block, start, length, signed)
  const digits = block
    .toString('latin1', start, start + length)
    .replace(/^[ \0]+/, '')
    .split(/[ \0]/, 1)[0]!
  if (digits === '') return 0
  if (!/^[0-7]+$/.test(digits)) throw invalidHeader(`malformed number ${JSON.stringify(digits)}`)
  return Number.parseInt(digits, 8)
}

function binary(block: Buffer, start: number, length: number, signed: boolean): number {
  const negative = (block[start]! & 0x40) !== 0
  if (negative && !signed) throw invalidHeader('negative number')
  let value = negative ? -1n : 0n
  for (let i = 0; i < length; i++) {
    const byte = i === 0 ? (negative ? block[start]! | 0x80 : block[start]! & 0x3f) : block[start + i]!
    value = (value << 8n) | BigInt(byte)
  }
  if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))
    throw invalidHeader('number out of range')
  return Number(value)
}

/** The checksum counts its own field as spaces. Some writers have summed signed bytes. */
function checksumMatches(block: Buffer): boolean {
  const stored = numberField(block, 148, 8)
  let unsigned = 8 * 32
  let high = 0
  for (let i = 0; i < blockSize; i++) {
    if (i === 148) i = 156
    const byte = block[i]!
    unsigned += byte
    if (byte > 127) high++
  }
  return stored === unsigned || stored === unsigned - 256 * high
}
