// SPDX-License-Identifier: Apache-2.0
import { fileTypes, isErrno, type RootDirectory } from '@teu/linux'
import type { EntryPath } from './entry-path.ts'

/** How the entries that a layer hides are hidden. */
export interface WhiteoutStyle {
  /** Hides one entry of the layers below. */
  hide(root: RootDirectory, path: EntryPath): void
  /** Hides all that the layers below have in a folder. */
  hideAll(root: RootDirectory, folder: EntryPath): void
  /** Hears of every entry that the layer itself brings. */
  unpacked(path: EntryPath): void
  /** Hears of every folder that is new. */
  newFolder(root: RootDirectory, path: EntryPath): void
}

/** For a tree that holds all layers at once: what is hidden is removed. */
export function removingWhiteouts(): WhiteoutStyle {
  const own = new Set<EntryPath>()
  const emptied = new Set<EntryPath>()
  return {
    hide: (root, path) => root.removeAll(path),
    hideAll(root, folder) {
      // A second one finds only what this layer brought: looking again would make many of them slow.
      if (emptied.has(folder) || root.stat(folder) === undefined) return
      emptied.add(folder)
      removeForeign(root, folder, own)
    },
    unpacked(path) {
      // With all folders above it: they are not to be removed either.
      for (let at = path; at !== '' && !own.has(at); at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) own.add(at)
    },
    newFolder() {},
  }
}

/** For an upper directory of overlayfs: a device 0:0 hides an entry, an attribute all of a folder. */
export function overlayWhiteouts(): WhiteoutStyle {
  const hidden = new Set<EntryPath>()
  return {
    hide(root, path) {
      root.removeAll(path)
      root.mknod(path, fileTypes.characterDevice, 0, 0)
      hidden.add(path)
    },
    hideAll: (root, folder) => setOpaque(root, folder),
    unpacked() {},
    newFolder(root, path) {
      // The folder takes the place of a whiteout, and must hide as much.
      if (hidden.delete(path)) setOpaque(root, path)
    },
  }
}

function setOpaque(root: RootDirectory, folder: EntryPath): void {
  root.xattrs.set(folder, 'trusted.overlay.opaque', Buffer.from('y'))
}

function removeForeign(root: RootDirectory, top: EntryPath, own: ReadonlySet<EntryPath>): void {
  const folders = [top]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop())
    for (const { name, kind } of entriesOf(root, folder)) {
      const path = folder === '' ? name : `${folder}/${name}`
      if (!own.has(path)) root.removeAll(path)
      else if (kind === 'directory') folders.push(path)
    }
}

function entriesOf(root: RootDirectory, folder: EntryPath) {
  try {
    return root.readdir(folder)
  } catch (error) {
    if (isErrno(error, 'ENOTDIR', 'ENOENT')) return []
    throw error
  }
}
