// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { Header } from 'tar'

/** One entry of a layer. @public */
export interface LayerEntry {
  /** Relative to the root, without `./` in front and without `..`. */
  path: string
  /** Default `file`. */
  type?: 'file' | 'directory' | 'symlink' | 'hardlink'
  /** Permission bits. Default 0o644, for directories 0o755, for links 0o777. */
  mode?: number
  /** Owner. Default 0. */
  uid?: number
  gid?: number
  /** Seconds since 1970. Default 0, so that the same files make the same layer. */
  mtime?: number
  /** Of a link, where it leads. */
  target?: string
  /** Extended attributes, by full name such as `security.capability`. */
  xattrs?: Readonly<Record<string, Uint8Array>>
  /** Of a file. Default empty. Of a stream the length must be known. */
  content?: Uint8Array | { size: number; open: () => AsyncIterable<Uint8Array> }
}

const blockSize = 512
const maximumOctal = 0o7777777
const types = { file: 'File', directory: 'Directory', symlink: 'SymbolicLink', hardlink: 'Link' } as const
const modes = { file: 0o644, directory: 0o755, symlink: 0o777, hardlink: 0o644 } as const

/**
 * A tar archive of the entries, in the order given, in the PAX dialect where the plain one does not reach. The bytes
 * depend on the entries alone: no clock, no user names, no machine. Throws `invalid-argument` for a path that leads out
 * of the root and `data-loss` for content of another length than announced.
 *
 * @internal
 */
export async function* writeTar(entries: Iterable<LayerEntry>): AsyncGenerator<Uint8Array> {
  for (const entry of entries) {
    yield headerOf(entry)
    const { content } = entry
    if (content === undefined || (entry.type ?? 'file') !== 'file') continue
    const size = lengthOf(entry)
    let written = 0
    for await (const chunk of content instanceof Uint8Array ? [content] : content.open()) {
      written += chunk.byteLength
      yield chunk
    }
    if (written !== size)
      throw new StackError('data-loss', `${entry.path}: ${written} bytes where ${size} were announced`)
    yield padding(size)
  }
  yield Buffer.alloc(2 * blockSize)
}

function lengthOf({ type = 'file', content }: LayerEntry): number {
  if (type !== 'file' || content === undefined) return 0
  return content instanceof Uint8Array ? content.byteLength : content.size
}

function padding(size: number): Buffer {
  return Buffer.alloc((blockSize - (size % blockSize)) % blockSize)
}

function headerOf(entry: LayerEntry): Buffer {
  const { type = 'file', uid = 0, gid = 0, mtime = 0, target = '', xattrs = {} } = entry
  const path = checkedPath(entry.path) + (type === 'directory' ? '/' : '')
  const size = lengthOf(entry)
  const header = new Header({
    path,
    mode: entry.mode ?? modes[type],
    uid,
    gid,
    size,
    mtime: new Date(mtime * 1000),
    linkpath: target,
    type: types[type],
  })
  const block = Buffer.alloc(blockSize)
  header.encode(block, 0)
  const records: [string, Uint8Array | string][] = []
  if (!isPlain(path, 100)) records.push(['path', path])
  if (!isPlain(target, 100)) records.push(['linkpath', target])
  if (size > 0o77777777777) records.push(['size', String(size)])
  if (uid > maximumOctal) records.push(['uid', String(uid)])
  if (gid > maximumOctal) records.push(['gid', String(gid)])
  for (const name of Object.keys(xattrs).sort()) records.push([`SCHILY.xattr.${name}`, xattrs[name] as Uint8Array])
  return records.length === 0 ? block : Buffer.concat([extendedHeader(path, records), block])
}

function isPlain(text: string, limit: number): boolean {
  return Buffer.byteLength(text) <= limit && /^[\x20-\x7e]*$/.test(text)
}

function checkedPath(path: string): string {
  const parts = path.split('/')
  if (path === '' || path.includes('\0') || parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new StackError('invalid-argument', `${JSON.stringify(path.slice(0, 256))} is no relative path inside a layer`)
  }
  return path
}

function extendedHeader(path: string, records: [string, Uint8Array | string][]): Buffer {
  const body = Buffer.concat(records.map(([key, value]) => recordOf(key, Buffer.from(value))))
  const name = `PaxHeaders/${path.split('/').at(-1) || 'entry'}`.replace(/[^\x20-\x7e]/g, '_').slice(0, 99)
  const header = new Header({
    path: name,
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: body.byteLength,
    mtime: new Date(0),
    type: 'ExtendedHeader',
  })
  const block = Buffer.alloc(blockSize)
  header.encode(block, 0)
  return Buffer.concat([block, body, padding(body.byteLength)])
}

/** `length key=value` and a line feed, where the length counts itself. */
function recordOf(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')])
  let length = rest.byteLength
  while (String(length).length + rest.byteLength !== length) length = String(length).length + rest.byteLength
  return Buffer.concat([Buffer.from(String(length)), rest])
}
