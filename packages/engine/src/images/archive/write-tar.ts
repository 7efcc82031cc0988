// SPDX-License-Identifier: Apache-2.0
import { Header } from 'tar'

const blockSize = 512

/** Kinds of entry that are written. */
export type TarEntryType =
  | 'File'
  | 'Directory'
  | 'Link'
  | 'SymbolicLink'
  | 'FIFO'
  | 'BlockDevice'
  | 'CharacterDevice'
  | 'ExtendedHeader'

/** The two empty blocks that end a tar. */
export const tarEnd: Uint8Array = new Uint8Array(2 * blockSize)

/** One entry's metadata. Names and links are raw bytes as the file system has them, in text. */
export interface TarHeaderInit {
  path: string
  size: number
  type?: TarEntryType
  /** Permission bits. Default 0644. */
  mode?: number
  uid?: number
  gid?: number
  /** Seconds since 1970. Default 0. */
  mtime?: number
  linkPath?: string
  deviceMajor?: number
  deviceMinor?: number
  /** Values that the plain header cannot hold, by PAX key. */
  pax?: Readonly<Record<string, string | Uint8Array>>
}

/** What fills the last block of an entry's content. */
export function padding(size: number): Uint8Array {
  return new Uint8Array((blockSize - (size % blockSize)) % blockSize)
}

/** One PAX record; its length counts its own digits. */
function paxRecord(key: string, value: string | Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')])
  let length = body.length
  while (length < body.length + String(length).length) length = body.length + String(length).length
  return Buffer.concat([Buffer.from(String(length)), body])
}

const maximumName = 100
const maximumOctal7 = 0o7777777

function neededPax(init: TarHeaderInit): Record<string, string | Uint8Array> {
  const { path, linkPath = '', uid = 0, gid = 0, mtime = 0 } = init
  const long = (text: string) => Buffer.byteLength(text) > maximumName || Buffer.byteLength(text) !== text.length
  return {
    ...(long(path) ? { path } : {}),
    ...(long(linkPath) ? { linkpath: linkPath } : {}),
    ...(uid > maximumOctal7 ? { uid: String(uid) } : {}),
    ...(gid > maximumOctal7 ? { gid: String(gid) } : {}),
    ...(mtime < 0 || !Number.isInteger(mtime) ? { mtime: String(mtime) } : {}),
    ...init.pax,
  }
}

function block(init: TarHeaderInit, type: TarEntryType): Buffer {
  const { path, size, mode = 0o644, uid = 0, gid = 0, mtime = 0, linkPath, deviceMajor, deviceMinor } = init
  const header = new Header({
    path: Buffer.from(path).subarray(0, maximumName).toString('latin1'),
    type,
    size,
    mode,
    uid: Math.min(uid, maximumOctal7),
    gid: Math.min(gid, maximumOctal7),
    mtime: new Date(Math.max(0, Math.floor(mtime)) * 1000),
    ...(linkPath === undefined ? {} : { linkpath: Buffer.from(linkPath).subarray(0, maximumName).toString('latin1') }),
    ...(deviceMajor === undefined ? {} : { devmaj: deviceMajor }),
    ...(deviceMinor === undefined ? {} : { devmin: deviceMinor }),
  })
  header.encode()
  return header.block as Buffer
}

/** The header of an entry, with a PAX header in front of it where the plain one cannot say everything. */
export function tarHeader(init: TarHeaderInit): Uint8Array {
  const type = init.type ?? 'File'
  const records = Object.entries(neededPax(init)).map(([key, value]) => paxRecord(key, value))
  if (records.length === 0) return block(init, type)
  const body = Buffer.concat(records)
  const extended = block({ path: 'PaxHeaders/entry', size: body.length }, 'ExtendedHeader')
  return Buffer.concat([extended, body, padding(body.length), block(init, type)])
}
