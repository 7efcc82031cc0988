// SPDX-License-Identifier: Apache-2.0
import { fileKind, isErrno, type RootDirectory } from '@teu/linux'
import { inFolder, sortedEntries, type TreeChange } from './tree-change.ts'

/**
 * What an upper directory of overlayfs says has changed. The kernel has kept the books: a device 0:0 is a removal, an
 * attribute says that a folder hides what is below it.
 */
export function* overlayChanges(upper: RootDirectory): Generator<TreeChange> {
  const folders = ['']
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const below: string[] = []
    for (const name of sortedEntries(upper, folder)) {
      const path = inFolder(folder, name)
      const stat = upper.lstat(path)
      if (stat === undefined) continue
      const kind = fileKind(stat.mode)
      if (kind === 'character-device' && stat.rdevMajor === 0 && stat.rdevMinor === 0) {
        yield { kind: 'removed', path }
        continue
      }
      yield { kind: 'entry', path, stat }
      if (kind !== 'directory') continue
      if (attribute(upper, path, 'opaque') === 'y') yield { kind: 'opaque', folder: path }
      below.push(path)
    }
    folders.push(...below.reverse())
  }
}

/** Whether the upper directory says things that only the mounted overlay can tell. */
export function needsMergedView(upper: RootDirectory): boolean {
  const folders = ['']
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop())
    for (const { name, kind } of upper.readdir(folder)) {
      const path = inFolder(folder, name)
      if (kind === 'directory') folders.push(path)
      if (kind !== 'directory' && kind !== 'regular') continue
      if (attribute(upper, path, 'redirect') !== undefined || attribute(upper, path, 'metacopy') !== undefined)
        return true
    }
  return false
}

function attribute(root: RootDirectory, path: string, name: string): string | undefined {
  try {
    return root.xattrs.get(path, `trusted.overlay.${name}`).toString()
  } catch (error) {
    if (isErrno(error, 'ENODATA', 'EOPNOTSUPP')) return undefined
    throw error
  }
}
