// SPDX-License-Identifier: Apache-2.0
import type { TarEntry, TarEntryType } from '@teu/containerd-api/archive'
import { type FileKind, type FileStat, fileKind, isErrno, type RootDirectory } from '@teu/linux'
import { keepsXattr } from './entry-metadata.ts'
import type { EntryPath } from './entry-path.ts'

/** One difference between two trees, in the order in which a layer has it. */
export type TreeChange =
  | { kind: 'entry'; path: EntryPath; stat: FileStat }
  | { kind: 'removed'; path: EntryPath }
  | { kind: 'opaque'; folder: EntryPath }

const tarTypes: Readonly<Partial<Record<FileKind, TarEntryType>>> = {
  regular: 'file',
  directory: 'directory',
  symlink: 'symlink',
  'character-device': 'character-device',
  'block-device': 'block-device',
  fifo: 'fifo',
}

/** The entry of a file as a layer has it; undefined for a socket, which no archive can hold. */
export function tarEntryOf(
  root: RootDirectory,
  path: EntryPath,
  stat: FileStat,
  latestNs?: bigint,
): TarEntry | undefined {
  const type = tarTypes[fileKind(stat.mode)]
  if (type === undefined) return undefined
  return {
    name: type === 'directory' ? `${path}/` : path,
    type,
    linkName: type === 'symlink' ? root.readlink(path) : '',
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    size: type === 'file' ? Number(stat.size) : 0,
    mtimeNs: latestNs !== undefined && stat.mtimeNs > latestNs ? latestNs : stat.mtimeNs,
    atimeNs: undefined,
    major: stat.rdevMajor,
    minor: stat.rdevMinor,
    xattrs: xattrsOf(root, path),
  }
}

/** The whiteout of a path, or of all in a folder. */
export function whiteoutEntry(path: EntryPath, opaque = false): TarEntry {
  const slash = path.lastIndexOf('/') + 1
  const name = opaque
    ? `${path === '' ? '' : `${path}/`}.wh..wh..opq`
    : `${path.slice(0, slash)}.wh.${path.slice(slash)}`
  const nothing = {
    linkName: '',
    mode: 0,
    uid: 0,
    gid: 0,
    size: 0,
    mtimeNs: 0n,
    atimeNs: undefined,
    major: 0,
    minor: 0,
  }
  return { ...nothing, name, type: 'file', xattrs: new Map() }
}

/** The extended attributes of a file that a layer keeps, sorted by the writer. */
export function xattrsOf(root: RootDirectory, path: EntryPath): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>()
  try {
    for (const name of root.xattrs.list(path)) if (keepsXattr(name)) found.set(name, root.xattrs.get(path, name))
  } catch (error) {
    if (!isErrno(error, 'EOPNOTSUPP', 'ENODATA')) throw error
  }
  return found
}

/** The entries of a folder, in the order of their names' bytes. */
export function sortedEntries(root: RootDirectory, folder: EntryPath): string[] {
  const entries = root.readdir(folder)
  return entries.sort((a, b) => Buffer.compare(a.nameBytes, b.nameBytes)).map(({ name }) => name)
}

/** A name in a folder. */
export function inFolder(folder: EntryPath, name: string): EntryPath {
  return folder === '' ? name : `${folder}/${name}`
}
