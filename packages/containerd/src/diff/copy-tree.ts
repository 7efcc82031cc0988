// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, readSync, writeSync } from 'node:fs'
import { type FileStat, fileKind, fileTypes, isErrno, RootDirectory } from '@teu/linux'
import type { EntryPath } from './entry-path.ts'
import { inFolder } from './tree-change.ts'

const bufferSize = 1024 * 1024

/** What to copy, and into which empty folder. */
export interface CopyTreeInput {
  from: string
  to: string
}

/** Copies a tree with owners, modes, times, attributes, hard links and devices. For a worker: it writes synchronously. */
export async function copyTree(input: CopyTreeInput, signal: AbortSignal): Promise<undefined> {
  using from = RootDirectory.open(input.from)
  using to = RootDirectory.open(input.to)
  const copier = new TreeCopier(from, to)
  for (const _ of copier.copyAll()) {
    signal.throwIfAborted()
    // Lets an abort arrive.
    await new Promise(setImmediate)
  }
}

class TreeCopier {
  readonly #from: RootDirectory
  readonly #to: RootDirectory
  readonly #linked = new Map<bigint, EntryPath>()
  readonly #folders: [EntryPath, FileStat][] = []
  readonly #buffer = Buffer.allocUnsafe(bufferSize)

  constructor(from: RootDirectory, to: RootDirectory) {
    this.#from = from
    this.#to = to
  }

  /** Yields after every folder. */
  *copyAll(): Generator<void> {
    const folders: EntryPath[] = ['']
    this.#folders.push(['', this.#from.lstat('')!])
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for (const { name } of this.#from.readdir(folder)) {
        const path = inFolder(folder, name)
        if (this.#copyEntry(path)) folders.push(path)
      }
      yield
    }
    for (const [path, stat] of this.#folders.reverse()) this.#metadata(path, stat)
  }

  /** Says whether it is a folder. */
  #copyEntry(path: EntryPath): boolean {
    const stat = this.#from.lstat(path)!
    const kind = fileKind(stat.mode)
    if (kind === 'directory') {
      this.#to.mkdir(path, 0o700)
      this.#folders.push([path, stat])
      return true
    }
    const first = stat.nlink > 1 ? this.#linked.get(stat.ino) : undefined
    if (first !== undefined) {
      this.#to.link(first, path)
      return false
    }
    if (stat.nlink > 1) this.#linked.set(stat.ino, path)
    if (kind === 'regular') this.#copyData(path)
    else if (kind === 'symlink') this.#to.symlink(this.#from.readlink(path), path)
    else this.#to.mknod(path, (stat.mode & fileTypes.mask) | 0o600, stat.rdevMajor, stat.rdevMinor)
    this.#metadata(path, stat)
    return false
  }

  #copyData(path: EntryPath): void {
    const source = this.#from.openFile(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      const target = this.#to.createFile(path, 0o600)
      try {
        for (let count = readSync(source, this.#buffer); count > 0; count = readSync(source, this.#buffer))
          for (let at = 0; at < count; ) at += writeSync(target, this.#buffer, at, count - at)
      } finally {
        closeSync(target)
      }
    } finally {
      closeSync(source)
    }
  }

  #metadata(path: EntryPath, stat: FileStat): void {
    this.#to.chown(path, stat.uid, stat.gid)
    this.#xattrs(path)
    if (fileKind(stat.mode) !== 'symlink') this.#to.chmod(path, stat.mode & 0o7777)
    this.#to.utimes(path, stat.atimeNs, stat.mtimeNs)
  }

  #xattrs(path: EntryPath): void {
    try {
      for (const name of this.#from.xattrs.list(path))
        this.#to.xattrs.set(path, name, this.#from.xattrs.get(path, name))
    } catch (error) {
      if (!isErrno(error, 'EOPNOTSUPP', 'EPERM', 'ENODATA')) throw error
    }
  }
}
