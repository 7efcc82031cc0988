// SPDX-License-Identifier: Apache-2.0
import { closeSync, fsyncSync, openSync } from 'node:fs'
import { isErrno } from '../errno.ts'
import { atFlags } from '../mount/constants.ts'
import { native } from '../native/load.ts'

/** A duplicate of a descriptor, close-on-exec. @public */
export function duplicateFd(fd: number): number {
  return native().dup(fd)
}

/** Whether a descriptor is closed when a program is executed. Node opens everything with it set. @public */
export function setCloseOnExec(fd: number, on: boolean): void {
  native().setCloseOnExec(fd, on)
}

/** Sets or clears O_NONBLOCK on an open file. @public */
export function setNonBlocking(fd: number, on: boolean): void {
  native().setNonBlocking(fd, on)
}

/** Marks all descriptors from `first` on close-on-exec (close_range(2)), before spawning a program that must inherit none. @public */
export function closeOnExecFrom(first: number): void {
  native().closeRange(first, 0xffff_ffff, 4)
}

/** Writes all data of the file system that holds `path` to its device (syncfs(2)). @public */
export function syncFilesystem(path: string): void {
  withFile(path, (fd) => native().syncfs(fd))
}

/** Makes the entries of a folder durable, after a rename or an unlink in it (fsync(2)). @public */
export function syncDirectory(path: string): void {
  withFile(path, fsyncSync)
}

/** FS_TOPDIR_FL of linux/fs.h. */
const topDirectory = 0x20000

/**
 * Tells the file system that the folders in this one have nothing to do with one another, so that each is best placed
 * away from the others (`T` of chattr(1); it means something to ext4). Where there is no such flag nothing happens.
 *
 * @public
 */
export function spreadFolders(path: string): void {
  try {
    withFile(path, (fd) => native().addInodeFlags(fd, topDirectory))
  } catch (error) {
    if (!isErrno(error, 'ENOTTY', 'EOPNOTSUPP', 'EINVAL', 'ENOSYS', 'EPERM')) throw error
  }
}

/** The magic number of the file system that holds `path`, as in statfs(2). @public */
export function filesystemType(path: string): number {
  return withFile(path, (fd) => native().fstatfsType(fd))
}

/** How many bytes can be read from a pipe, FIFO, socket or terminal now (FIONREAD). @public */
export function bytesReadable(fd: number): number {
  return native().bytesReadable(fd)
}

/** Magic numbers of file systems, from linux/magic.h. @public */
export const filesystemMagic = {
  tmpfs: 0x01021994,
  overlay: 0x794c7630,
  cgroup: 0x0027e0eb,
  cgroup2: 0x63677270,
  ext: 0xef53,
  xfs: 0x58465342,
  btrfs: 0x9123683e,
  nfs: 0x6969,
  proc: 0x9fa0,
  sysfs: 0x62656572,
  nsfs: 0x6e736673,
} as const

/** Makes a FIFO; the umask applies. Throws `EEXIST` when the name is taken. @public */
export function makeFifo(path: string, mode = 0o600): void {
  native().mknodat(atFlags.fdcwd, path, 0o010000 | mode, 0, 0)
}

function withFile<T>(path: string, use: (fd: number) => T): T {
  const fd = openSync(path, 'r')
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}

/** A pipe, both ends close-on-exec and in blocking mode (pipe(2)). @public */
export function makePipe(): { readEnd: number; writeEnd: number } {
  const [readEnd, writeEnd] = native().pipe()
  return { readEnd, writeEnd }
}
