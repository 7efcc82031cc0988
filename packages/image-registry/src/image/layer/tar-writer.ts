// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { tarEnd, tarHeader, tarPadding } from '@teu/oci-spec/archive'

/** One entry of a layer. @public */
export interface LayerEntry {
  /**
   * Relative to the root, without `./` in front and without `..`. A name that is not UTF-8, here and in `target` and
   * `xattrs`, is in the form of `nameOfBytes` of `@teu/oci-spec/archive`.
   */
  path: string
  /** Default `file`. */
  type?: 'file' | 'directory' | 'symlink' | 'hardlink'
  /** Permission bits. Default 0o644, for directories 0o755, for links 0o777. */
  mode?: number
  /** Owner. Default 0. */
  uid?: number
  gid?: number
  /** Seconds since 1970; kept to the nanosecond. Default 0, so that the same files make the same layer. */
  mtime?: number
  /** Of a link, where it leads. */
  target?: string
  /** Extended attributes, by full name such as `security.capability`. */
  xattrs?: Readonly<Record<string, Uint8Array>>
  /** Of a file. Default empty. Of a stream the length must be known. */
  content?: Uint8Array | { size: number; open: () => AsyncIterable<Uint8Array> }
}

const modes = { file: 0o644, directory: 0o755, symlink: 0o777, hardlink: 0o644 } as const

/**
 * A tar archive of the entries, in the order given, in the PAX dialect where the plain one does not reach. The bytes
 * depend on the entries alone: no clock, no user names, no machine. Throws `invalid-argument` for a path that leads out
 * of the root and `data-loss` for content of another length than announced.
 *
 * @internal
 */
export async function* writeTar(
  entries: Iterable<LayerEntry> | AsyncIterable<LayerEntry>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const entry of entries) {
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
    if (tarPadding(size) > 0) yield Buffer.alloc(tarPadding(size))
  }
  yield tarEnd
}

function lengthOf({ type = 'file', content }: LayerEntry): number {
  if (type !== 'file' || content === undefined) return 0
  return content instanceof Uint8Array ? content.byteLength : content.size
}

function headerOf(entry: LayerEntry): Buffer {
  const { type = 'file', uid = 0, gid = 0, mtime = 0, target = '', xattrs = {} } = entry
  for (const number of [uid, gid]) {
    if (!Number.isSafeInteger(number) || number < 0)
      throw new StackError('invalid-argument', `${entry.path}: no owner has the number ${number}`)
  }
  if (!Number.isFinite(mtime)) throw new StackError('invalid-argument', `${entry.path}: ${mtime} is no time`)
  return tarHeader({
    name: checkedPath(entry.path) + (type === 'directory' ? '/' : ''),
    type,
    linkName: target,
    mode: entry.mode ?? modes[type],
    uid,
    gid,
    size: lengthOf(entry),
    // Whole seconds first: a double has no room for both.
    mtimeNs: BigInt(Math.floor(mtime)) * 1_000_000_000n + BigInt(Math.round((mtime - Math.floor(mtime)) * 1e9)),
    atimeNs: undefined,
    major: 0,
    minor: 0,
    xattrs: new Map(Object.entries(xattrs)),
  })
}

function checkedPath(path: string): string {
  const parts = path.split('/')
  if (path === '' || path.includes('\0') || parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new StackError('invalid-argument', `${JSON.stringify(path.slice(0, 256))} is no relative path inside a layer`)
  }
  return path
}
