// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync, readlinkSync } from 'node:fs'
import { isErrno, systemError } from '../errno.ts'
import { atFlags } from '../mount/constants.ts'
import type { FileStat, PathBytes } from '../native/addon.ts'
import { native } from '../native/load.ts'
import { type DirectoryEntry, entriesOf } from './directory-entry.ts'
import { nameOfBytes, pathBytes } from './name-bytes.ts'
import { fileTypes, openFlags, resolveFlags } from './open-flags.ts'
import { ParentDirectories } from './parent-directories.ts'
import { removeContents, removeTree } from './remove-tree.ts'
import { RootXattrs } from './root-xattrs.ts'

const inRoot = resolveFlags.inRoot | resolveFlags.noMagiclinks
const nofollow = atFlags.symlinkNofollow

/**
 * A directory that is the root of another file system view: a container's or an image's. Every path is resolved inside
 * it by the kernel (openat2(2), RESOLVE_IN_ROOT, Linux 5.6): an absolute link or `..` leads to this root, never to the
 * host's, also while something in the tree is being renamed. Calls that create, remove, rename or change an entry act
 * on the last component itself and never follow it.
 *
 * Paths are relative to the root; a leading slash changes nothing. Names are bytes on the disk: what comes out of and
 * goes into these calls, entries, link targets and names of attributes, is text in the lossless form of
 * {@link nameOfBytes}. All calls are synchronous, for use in a worker or
 * for few calls. Errors are system errors with `code`. Ownership: close it, or declare it with `using`.
 *
 * With `cacheParents` folders stay open between calls, which is right while nobody else renames things in the tree.
 *
 * @example
 * using root = RootDirectory.open('/var/lib/x/rootfs')
 * root.mkdirAll('etc', 0o755)
 * root.symlink('/proc/mounts', 'etc/mtab')
 *
 * @public
 */
export class RootDirectory implements Disposable {
  /** The descriptor of the root (O_PATH). */
  readonly fd: number
  /** Extended attributes of entries. */
  readonly xattrs: RootXattrs
  readonly #parents: ParentDirectories
  readonly #cacheParents: boolean

  private constructor(fd: number, cacheParents: boolean) {
    this.fd = fd
    this.#parents = new ParentDirectories(fd)
    this.#cacheParents = cacheParents
    this.xattrs = new RootXattrs((path, use) => (isRootItself(path) ? use(fd, '.') : this.#at(path, 'xattr', use)))
  }

  /** Opens a directory of the host as a root. The path itself is trusted. */
  static open(path: string, options: { cacheParents?: boolean } = {}): RootDirectory {
    const fd = openSync(path, openFlags.path | openFlags.directory | openFlags.cloexec)
    return new RootDirectory(fd, options.cacheParents ?? false)
  }

  /** Makes a root of a directory inside this one. */
  subdirectory(path: string, options: { cacheParents?: boolean } = {}): RootDirectory {
    const fd = this.openFile(path, openFlags.path | openFlags.directory)
    return new RootDirectory(fd, options.cacheParents ?? false)
  }

  /**
   * Opens a file inside the root, following links inside it, and returns its descriptor, close-on-exec. Add
   * `O_NOFOLLOW` to refuse a link as last component, `O_NONBLOCK` where the file may be a FIFO or a device.
   */
  openFile(path: string, flags: number, mode = 0): number {
    return native().openat2(
      this.fd,
      pathBytes(relative(path)),
      flags | constants.O_NOCTTY | openFlags.cloexec,
      mode,
      inRoot,
    )
  }

  /** Creates a regular file that must not exist, without following anything, and returns its descriptor for writing. */
  createFile(path: string, mode: number): number {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | openFlags.nofollow | openFlags.cloexec
    return this.#at(path, 'open', (dirfd, name) => native().openat2(dirfd, name, flags, mode & 0o7777, 0))
  }

  /** The path, relative to the host's root, of what a path inside leads to. For messages and comparisons only. */
  realPath(path: string): string {
    const fd = this.openFile(path, openFlags.path)
    try {
      return nameOfBytes(readlinkSync(`/proc/self/fd/${fd}`, 'buffer'))
    } finally {
      closeSync(fd)
    }
  }

  /** Makes one directory. The umask applies, as to all modes here. */
  mkdir(path: string, mode: number): void {
    this.#at(path, 'mkdir', (dirfd, name) => native().mkdirat(dirfd, name, mode))
  }

  /**
   * Makes a directory and the missing ones above it, all with this mode. Links on the way are followed inside the
   * root. Throws `ENOTDIR` when something else is in the way. Returns how many were made.
   */
  mkdirAll(path: string, mode: number): number {
    const parts = relative(path)
      .split('/')
      .filter((part) => part !== '' && part !== '.')
    for (let present = parts.length; ; present--) {
      if (present > 0 && !this.#isDirectory(parts.slice(0, present).join('/'))) continue
      for (let i = present; i < parts.length; i++) this.#mkdirIfMissing(parts.slice(0, i + 1).join('/'), mode)
      return parts.length - present
    }
  }

  /**
   * Makes a device, FIFO, socket or empty file; `mode` carries the type bits of {@link fileTypes}. Throws `EINVAL` for
   * a device number that Linux has no bits for (major above 4095, minor above 1048575).
   */
  mknod(path: string, mode: number, major = 0, minor = 0): void {
    if (!isWithin(major, 0xfff) || !isWithin(minor, 0xfffff)) throw systemError('EINVAL', 22, 'mknod', path)
    this.#at(path, 'mknod', (dirfd, name) => native().mknodat(dirfd, name, mode, major, minor))
  }

  /** Makes a symbolic link; the target is text and is not looked at. */
  symlink(target: string, path: string): void {
    this.#at(path, 'symlink', (dirfd, name) => native().symlinkat(pathBytes(target), dirfd, name))
    this.#changed()
  }

  /** Makes a hard link to an entry inside the root; a symbolic link is itself linked, not followed. */
  link(existing: string, path: string): void {
    this.#at(existing, 'link', (fromDirfd, from) => {
      const target = this.#parents.locate(path, 'link')
      native().linkat(fromDirfd, from, target.dirfd, target.name, 0)
    })
  }

  /** Renames an entry. With `noReplace` it throws `EEXIST` when the new name is taken. */
  rename(from: string, to: string, options: { noReplace?: boolean } = {}): void {
    this.#at(from, 'rename', (fromDirfd, fromName) => {
      const target = this.#parents.locate(to, 'rename')
      native().renameat2(fromDirfd, fromName, target.dirfd, target.name, options.noReplace ? 1 : 0)
    })
    this.#changed()
  }

  /** Removes a file or link. */
  unlink(path: string): void {
    this.#at(path, 'unlink', (dirfd, name) => native().unlinkat(dirfd, name, 0))
    this.#changed()
  }

  /** Removes an empty directory. */
  rmdir(path: string): void {
    this.#at(path, 'rmdir', (dirfd, name) => native().unlinkat(dirfd, name, atFlags.removedir))
    this.#changed()
  }

  /** Removes an entry with all below it; nothing happens when it is missing. Mounts below end it with `EBUSY`. */
  removeAll(path: string): void {
    this.#changed()
    try {
      this.#at(path, 'remove', removeTree)
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error
    }
  }

  /** Removes all entries of a directory, which stays. */
  removeContents(path: string): void {
    this.#changed()
    const fd = this.openFile(path, openFlags.directory)
    try {
      removeContents(fd)
    } finally {
      closeSync(fd)
    }
  }

  /** What a path leads to, links followed inside the root. Undefined when there is nothing. */
  stat(path: string): FileStat | undefined {
    return absentAsUndefined(() => {
      const fd = this.openFile(path, openFlags.path)
      try {
        return native().statx(fd, '', atFlags.emptyPath)
      } finally {
        closeSync(fd)
      }
    })
  }

  /** What an entry itself is. Undefined when there is nothing. */
  lstat(path: string): FileStat | undefined {
    return absentAsUndefined(() =>
      this.#change(path, 'stat', (dirfd, name, flags) => native().statx(dirfd, name, flags)),
    )
  }

  /** The target of a symbolic link. */
  readlink(path: string): string {
    return nameOfBytes(this.#at(path, 'readlink', (dirfd, name) => native().readlinkat(dirfd, name)))
  }

  /** The entries of a directory in the order of the file system. */
  readdir(path: string): DirectoryEntry[] {
    const fd = this.openFile(path, openFlags.directory)
    try {
      return entriesOf(native().readdir(fd))
    } finally {
      closeSync(fd)
    }
  }

  /** Changes the owner of an entry itself. */
  chown(path: string, uid: number, gid: number): void {
    this.#change(path, 'chown', (dirfd, name, flags) => native().fchownat(dirfd, name, uid, gid, flags))
  }

  /** Changes the permission bits of an entry itself. Links have none: `EOPNOTSUPP`. */
  chmod(path: string, mode: number): void {
    this.#change(path, 'chmod', (dirfd, name) => native().fchmodat(dirfd, name, mode))
  }

  /** Sets the times of an entry itself, in nanoseconds since the epoch. */
  utimes(path: string, atimeNs: bigint, mtimeNs: bigint): void {
    this.#change(path, 'utimes', (dirfd, name, flags) => native().utimensat(dirfd, name, atimeNs, mtimeNs, flags))
  }

  close(): void {
    this.#parents.forget()
    closeSync(this.fd)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #at<T>(path: string, syscall: string, use: (dirfd: number, name: PathBytes) => T): T {
    try {
      const { dirfd, name } = this.#parents.locate(path, syscall)
      return use(dirfd, name)
    } finally {
      if (!this.#cacheParents) this.#parents.forget()
    }
  }

  /** As `#at`, for calls that mean the root itself when the path does. */
  #change<T>(path: string, syscall: string, use: (dirfd: number, name: PathBytes, flags: number) => T): T {
    if (isRootItself(path)) return use(this.fd, '', atFlags.emptyPath)
    return this.#at(path, syscall, (dirfd, name) => use(dirfd, name, nofollow))
  }

  #changed(): void {
    this.#parents.forget()
  }

  #isDirectory(path: string): boolean {
    const stat = this.stat(path)
    return stat !== undefined && (stat.mode & fileTypes.mask) === fileTypes.directory
  }

  #mkdirIfMissing(path: string, mode: number): void {
    try {
      this.mkdir(path, mode)
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error
      if (!this.#isDirectory(path)) throw systemError('ENOTDIR', 20, 'mkdir', path)
    }
  }
}

function isWithin(number: number, highest: number): boolean {
  return Number.isInteger(number) && number >= 0 && number <= highest
}

// openat2 wants a path that is not empty; a leading slash means the root with RESOLVE_IN_ROOT.
function relative(path: string): string {
  return path === '' ? '.' : path
}

function isRootItself(path: string): boolean {
  return /^[/.]*$/.test(path) && !path.includes('..')
}

function absentAsUndefined<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}
