// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, readSync } from 'node:fs'
import { compareNames } from '@teu/containerd-api/archive'
import { type FileStat, fileKind, type RootDirectory } from '@teu/linux'
import type { EntryPath } from './entry-path.ts'
import { inFolder, sortedEntries, type TreeChange, xattrsOf } from './tree-change.ts'

const compareSize = 256 * 1024

/**
 * What makes `right` of `left`, by looking at both. Times of folders are not compared: every change below alters them.
 */
export function* treeChanges(left: RootDirectory, right: RootDirectory): Generator<TreeChange> {
  yield* folderChanges(left, right, '')
}

function* folderChanges(
  left: RootDirectory | undefined,
  right: RootDirectory,
  folder: EntryPath,
): Generator<TreeChange> {
  const before = new Set(left === undefined ? [] : sortedEntries(left, folder))
  const after = sortedEntries(right, folder)
  const names = [...new Set([...before, ...after])].sort(compareNames)
  const present = new Set(after)
  for (const name of names) {
    const path = inFolder(folder, name)
    if (!present.has(name)) yield { kind: 'removed', path }
    else yield* entryChanges(left !== undefined && before.has(name) ? left : undefined, right, path)
  }
}

function* entryChanges(left: RootDirectory | undefined, right: RootDirectory, path: EntryPath): Generator<TreeChange> {
  const stat = right.lstat(path)
  if (stat === undefined) return
  const old = left?.lstat(path)
  const isFolder = fileKind(stat.mode) === 'directory'
  const changed = old === undefined || !same(left!, right, path, old, stat)
  if (changed) yield { kind: 'entry', path, stat }
  if (!isFolder) return
  const wasFolder = old !== undefined && fileKind(old.mode) === 'directory'
  let announced = changed
  for (const change of folderChanges(wasFolder ? left : undefined, right, path)) {
    // A folder with a change in it is in the layer too, so that it is made as it is here.
    if (!announced) yield { kind: 'entry', path, stat }
    announced = true
    yield change
  }
}

function same(left: RootDirectory, right: RootDirectory, path: EntryPath, a: FileStat, b: FileStat): boolean {
  if (a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid) return false
  if (a.rdevMajor !== b.rdevMajor || a.rdevMinor !== b.rdevMinor) return false
  if (!sameXattrs(xattrsOf(left, path), xattrsOf(right, path))) return false
  const kind = fileKind(a.mode)
  if (kind === 'directory') return true
  if (kind === 'symlink') return left.readlink(path) === right.readlink(path)
  if (a.size !== b.size || a.mtimeNs !== b.mtimeNs) return false
  // A time without a fraction was likely set by an unpacker, so it proves nothing.
  return kind !== 'regular' || a.mtimeNs % 1_000_000_000n !== 0n || sameData(left, right, path)
}

function sameXattrs(a: ReadonlyMap<string, Uint8Array>, b: ReadonlyMap<string, Uint8Array>): boolean {
  if (a.size !== b.size) return false
  for (const [name, value] of a) {
    const other = b.get(name)
    if (other === undefined || Buffer.compare(value, other) !== 0) return false
  }
  return true
}

function sameData(left: RootDirectory, right: RootDirectory, path: EntryPath): boolean {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW
  const [a, b] = [left.openFile(path, flags), right.openFile(path, flags)]
  const [bufferA, bufferB] = [Buffer.allocUnsafe(compareSize), Buffer.allocUnsafe(compareSize)]
  try {
    for (;;) {
      const [readA, readB] = [readSync(a, bufferA), readSync(b, bufferB)]
      if (readA !== readB || bufferA.compare(bufferB, 0, readB, 0, readA) !== 0) return false
      if (readA === 0) return true
    }
  } finally {
    closeSync(a)
    closeSync(b)
  }
}
