// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, readSync } from 'node:fs'
import { type TarEntry, tarEnd, tarHeader, tarPadding } from '@teu/containerd-api/archive'
import type { RootDirectory } from '@teu/linux'
import type { EntryPath } from './entry-path.ts'
import { type TreeChange, tarEntryOf, whiteoutEntry } from './tree-change.ts'

const readSize = 256 * 1024

/** What a layer is written of. */
export interface LayerWriterInit {
  /** The tree after the changes: where the data is. */
  root: RootDirectory
  changes: Iterable<TreeChange>
  /** No entry is dated later, in nanoseconds since 1970. */
  latestNs?: bigint | undefined
}

/** The bytes of a layer with some changes. Equal changes of equal trees give equal bytes. */
export function* writeLayer({ root, changes, latestNs }: LayerWriterInit): Generator<Uint8Array> {
  const linked = new Map<string, EntryPath>()
  for (const change of changes) {
    if (change.kind === 'removed') yield tarHeader(whiteoutEntry(change.path))
    else if (change.kind === 'opaque') yield tarHeader(whiteoutEntry(change.folder, true))
    else {
      const entry = tarEntryOf(root, change.path, change.stat, latestNs)
      if (entry === undefined) continue
      const key = `${change.stat.dev}:${change.stat.ino}`
      const first = linked.get(key)
      if (entry.type === 'file' && change.stat.nlink > 1 && first === undefined) linked.set(key, change.path)
      if (first !== undefined) yield tarHeader({ ...entry, type: 'hardlink', linkName: first, size: 0 })
      else yield* writeEntry(root, change.path, entry)
    }
  }
  yield tarEnd
}

function* writeEntry(root: RootDirectory, path: EntryPath, entry: TarEntry): Generator<Uint8Array> {
  yield tarHeader(entry)
  if (entry.size === 0) return
  const fd = root.openFile(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    for (let left = entry.size; left > 0; ) {
      const buffer = Buffer.allocUnsafe(Math.min(readSize, left))
      // A file that shrinks meanwhile is filled up with zeros: its size is in the header already.
      const count = readSync(fd, buffer) || buffer.fill(0).length
      yield buffer.subarray(0, count)
      left -= count
    }
  } finally {
    closeSync(fd)
  }
  yield Buffer.alloc(tarPadding(entry.size))
}
