// SPDX-License-Identifier: Apache-2.0
import { closeSync, ftruncateSync, writeSync } from 'node:fs'
import type { TarEntry, TarHandler } from '@teu/containerd-api/archive'
import { fileTypes, isErrno, type RootDirectory } from '@teu/linux'
import { setMetadata, setTimes } from './entry-metadata.ts'
import { cleanPath, type EntryMeaning, type EntryPath, folderOf, invalid, meaningOf } from './entry-path.ts'
import { ParentFolders } from './parent-folders.ts'
import type { WhiteoutStyle } from './whiteouts.ts'

/** The largest device numbers of Linux. */
const maximumDevice = { major: 0xfff, minor: 0xfffff }

const deviceBits = {
  fifo: fileTypes.fifo,
  'character-device': fileTypes.characterDevice,
  'block-device': fileTypes.blockDevice,
} as const

/** What an applier is made of. */
export interface LayerApplierInit {
  /** Where the layer goes. */
  root: RootDirectory
  /** How what a layer hides is hidden. */
  whiteouts: WhiteoutStyle
  /** The layers below, nearest first, when the root holds one layer alone. */
  lowers: readonly RootDirectory[]
}

interface OpenFile {
  fd: number
  path: EntryPath
  entry: TarEntry
  position: number
  /** Whether the last that came was a hole. */
  holeLast: boolean
}

/**
 * Unpacks a layer, entry by entry. Every path is resolved inside the root by the kernel; the last component is never
 * followed; what is in the way of an entry is replaced by it, but a folder of a folder.
 */
export class LayerApplier implements TarHandler {
  readonly #root: RootDirectory
  readonly #whiteouts: WhiteoutStyle
  readonly #parents: ParentFolders
  readonly #folders = new Map<EntryPath, TarEntry>()
  #file: OpenFile | undefined

  constructor({ root, whiteouts, lowers }: LayerApplierInit) {
    this.#root = root
    this.#whiteouts = whiteouts
    this.#parents = new ParentFolders(root, lowers)
  }

  entry(entry: TarEntry): void {
    const meaning = meaningOf(entry.name)
    try {
      if (meaning.kind === 'plain') this.#unpack(meaning.path, entry)
      else if (meaning.kind !== 'ignored') this.#hide(meaning)
    } catch (error) {
      throw isErrno(error, 'ELOOP', 'ENAMETOOLONG', 'ENOTDIR', 'EXDEV')
        ? invalid(entry.name, `cannot be unpacked (${error.code})`)
        : error
    }
  }

  data(chunk: Uint8Array): void {
    if (this.#file === undefined) return
    for (let at = 0; at < chunk.length; )
      at += writeSync(this.#file.fd, chunk, at, chunk.length - at, this.#file.position + at)
    this.#file.position += chunk.length
    this.#file.holeLast = false
  }

  /** Stays a hole on the disk too: a few bytes of an archive may stand for more zeros than a disk holds. */
  hole(length: number): void {
    if (this.#file === undefined) return
    this.#file.position += length
    this.#file.holeLast = true
  }

  end(): void {
    const file = this.#file
    if (file === undefined) return
    this.#file = undefined
    try {
      if (file.holeLast) setLength(file)
    } finally {
      closeSync(file.fd)
    }
    setMetadata(this.#root, file.path, file.entry)
    setTimes(this.#root, file.path, file.entry)
  }

  /** Dates the folders, now that nothing more is made in them. */
  finish(): void {
    for (const [path, entry] of this.#folders) if (isFolder(this.#root, path)) setTimes(this.#root, path, entry)
  }

  /** Closes what an archive that ended early left open. */
  abort(): void {
    if (this.#file !== undefined) closeSync(this.#file.fd)
    this.#file = undefined
  }

  #hide(meaning: Extract<EntryMeaning, { kind: 'whiteout' | 'opaque' }>): void {
    this.#parents.ensure(meaning.kind === 'opaque' ? meaning.folder : folderOf(meaning.path))
    if (meaning.kind === 'opaque') this.#whiteouts.hideAll(this.#root, meaning.folder)
    else this.#whiteouts.hide(this.#root, meaning.path)
    this.#parents.forget()
  }

  #unpack(path: EntryPath, entry: TarEntry): void {
    if (path === '') {
      this.#applyRoot(entry)
      return
    }
    this.#parents.ensure(folderOf(path))
    this.#whiteouts.unpacked(path)
    const existing = this.#root.lstat(path)
    const keep = existing !== undefined && entry.type === 'directory' && isDirectoryMode(existing.mode)
    if (existing !== undefined && !keep) this.#remove(path)
    if (!keep) this.#create(path, entry)
    // A file gets the rest when its data is complete; a hard link shares the inode of what it links to.
    if (entry.type === 'file' || entry.type === 'hardlink') return
    setMetadata(this.#root, path, entry)
    if (entry.type === 'directory') this.#folders.set(path, entry)
    else setTimes(this.#root, path, entry)
  }

  #applyRoot(entry: TarEntry): void {
    if (entry.type !== 'directory') throw invalid(entry.name, 'would replace the root')
    setMetadata(this.#root, '', entry)
    this.#folders.set('', entry)
  }

  #remove(path: EntryPath): void {
    this.#root.removeAll(path)
    this.#parents.forget()
    this.#folders.delete(path)
  }

  #create(path: EntryPath, entry: TarEntry): void {
    switch (entry.type) {
      case 'directory':
        this.#root.mkdir(path, 0o700)
        this.#whiteouts.newFolder(this.#root, path)
        break
      case 'file':
        this.#file = { fd: this.#root.createFile(path, 0o600), path, entry, position: 0, holeLast: false }
        break
      case 'symlink':
        this.#root.symlink(entry.linkName, path)
        break
      case 'hardlink':
        this.#link(path, entry)
        break
      default:
        this.#device(path, entry)
    }
  }

  #link(path: EntryPath, entry: TarEntry): void {
    const target = cleanPath(entry.linkName)
    try {
      this.#root.link(target, path)
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'EPERM', 'EINVAL', 'EXDEV')) throw error
      throw invalid(entry.name, `is a hard link to ${JSON.stringify(entry.linkName)}, which cannot be linked`)
    }
  }

  #device(path: EntryPath, entry: TarEntry): void {
    const { type, major, minor } = entry
    if (type !== 'fifo' && (major > maximumDevice.major || minor > maximumDevice.minor))
      throw invalid(entry.name, `is a device ${major}:${minor} that cannot be`)
    const bits = deviceBits[type as keyof typeof deviceBits]
    this.#root.mknod(path, bits | 0o600, type === 'fifo' ? 0 : major, type === 'fifo' ? 0 : minor)
  }
}

/** Gives a file that ends with a hole its whole length, since no write has reached its end. */
function setLength({ fd, position, entry }: OpenFile): void {
  try {
    ftruncateSync(fd, position)
  } catch (error) {
    if (!isErrno(error, 'EFBIG', 'EINVAL')) throw error
    throw invalid(entry.name, `has ${position} bytes, more than a file may have here`)
  }
}

function isFolder(root: RootDirectory, path: EntryPath): boolean {
  const found = root.lstat(path)
  return found !== undefined && isDirectoryMode(found.mode)
}

function isDirectoryMode(mode: number): boolean {
  return (mode & fileTypes.mask) === fileTypes.directory
}
