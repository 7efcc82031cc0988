// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, createReadStream } from 'node:fs'
import {
  compareNames,
  type TarEntry,
  type TarEntryType,
  tarEnd,
  tarHeader,
  tarPadding,
} from '@teu/containerd-api/archive'
import { type FileStat, fileKind, isErrno, type RootDirectory } from '@teu/linux'

/** Bytes of a file that are read at a time. */
const chunkSize = 256 * 1024

interface Walk {
  root: RootDirectory
  signal: AbortSignal | undefined
  /** The first name of each file that has several, by device and inode. */
  seen: Map<string, string>
}

/** The attributes that mean the same elsewhere: file capabilities, and what users set. */
function extendedAttributes(root: RootDirectory, path: string): Map<string, Uint8Array> {
  const result = new Map<string, Uint8Array>()
  try {
    for (const name of root.xattrs.list(path)) {
      if (name === 'security.capability' || name.startsWith('user.')) result.set(name, root.xattrs.get(path, name))
    }
  } catch (error) {
    if (!isErrno(error, 'EOPNOTSUPP', 'ENODATA')) throw error
  }
  return result
}

function header(type: TarEntryType, name: string, stat: FileStat, more: Partial<TarEntry> = {}): Uint8Array {
  return tarHeader({
    name,
    type,
    linkName: '',
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    size: 0,
    mtimeNs: stat.mtimeNs,
    atimeNs: undefined,
    major: 0,
    minor: 0,
    xattrs: new Map(),
    ...more,
  })
}

async function* fileContent({ root, signal }: Walk, path: string, size: number): AsyncGenerator<Uint8Array> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const fd = root.openFile(path, flags)
  let left = size
  if (left === 0) closeSync(fd)
  else {
    const options = { fd, end: size - 1, highWaterMark: chunkSize, ...(signal ? { signal } : {}) }
    for await (const chunk of createReadStream('', options) as AsyncIterable<Buffer>) {
      left -= chunk.length
      yield chunk
    }
  }
  // A file that shrank while it was read still fills what its header announced.
  for (; left > 0; left -= chunkSize) yield new Uint8Array(Math.min(left, chunkSize))
  yield new Uint8Array(tarPadding(size))
}

async function* entry(walk: Walk, path: string, stat: FileStat): AsyncGenerator<Uint8Array> {
  const { root, seen } = walk
  const kind = fileKind(stat.mode)
  if (kind === 'directory') {
    yield header('directory', `${path}/`, stat, { xattrs: extendedAttributes(root, path) })
    return
  }
  const identity = `${stat.dev}:${stat.ino}`
  const first = stat.nlink > 1 ? seen.get(identity) : undefined
  if (first !== undefined) {
    yield header('hardlink', path, stat, { linkName: first })
    return
  }
  if (stat.nlink > 1) seen.set(identity, path)
  if (kind === 'symlink') yield header('symlink', path, stat, { linkName: root.readlink(path) })
  else if (kind === 'fifo') yield header('fifo', path, stat)
  else if (kind === 'character-device' || kind === 'block-device') {
    yield header(kind, path, stat, { major: stat.rdevMajor, minor: stat.rdevMinor })
  } else if (kind === 'regular') {
    const size = Number(stat.size)
    yield header('file', path, stat, { size, xattrs: extendedAttributes(root, path) })
    yield* fileContent(walk, path, size)
  }
  // Sockets have no place in a tar; Docker leaves them out as well.
}

/**
 * A whole root filesystem as a tar, in the order of names, directories before their content. Every path is resolved
 * inside the root; links are written, never followed.
 */
export async function* exportTree(root: RootDirectory, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const walk: Walk = { root, signal, seen: new Map() }
  const waiting: string[] = ['']
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    signal?.throwIfAborted()
    const stat = root.lstat(path === '' ? '/' : path)
    if (!stat) continue
    if (path !== '') yield* entry(walk, path, stat)
    if (fileKind(stat.mode) !== 'directory') continue
    const names = root.readdir(path === '' ? '/' : path).map(({ name }) => name)
    for (const name of names.sort(compareNames).reverse()) waiting.push(path === '' ? name : `${path}/${name}`)
  }
  yield tarEnd
}
