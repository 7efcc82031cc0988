// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs'
import { isErrno } from '../errno.ts'
import { atFlags } from '../mount/constants.ts'
import type { PathBytes } from '../native/addon.ts'
import { native } from '../native/load.ts'
import { openFlags } from './open-flags.ts'

const readDirectory = openFlags.directory | openFlags.nofollow | openFlags.cloexec

/** A folder that is being emptied. The walk keeps its own stack: depth is what an image chose. */
interface Level {
  fd: number
  /** The name in the folder above; the first level has none above. */
  name: PathBytes
  parent: number
  entries: (Buffer | number)[]
}

/**
 * Removes what `name` in `dirfd` is, with all below it, following no symbolic link and crossing no mount (`EBUSY`).
 * Nothing happens when it is not there. One descriptor is open for each level of depth.
 *
 * @internal
 */
export function removeTree(dirfd: number, name: PathBytes): void {
  if (removeEntry(dirfd, name)) return
  const stack: Level[] = []
  try {
    push(stack, dirfd, name)
    while (stack.length > 0) step(stack)
  } finally {
    for (const level of stack) closeSync(level.fd)
  }
}

/** Removes only what is inside the folder `fd` refers to. @internal */
export function removeContents(fd: number): void {
  const entries = native().readdir(fd)
  for (let i = 0; i < entries.length; i += 2) removeTree(fd, entries[i] as Buffer)
}

function step(stack: Level[]): void {
  const level = stack.at(-1) as Level
  while (level.entries.length > 0) {
    level.entries.pop()
    const name = level.entries.pop() as Buffer
    if (removeEntry(level.fd, name)) continue
    push(stack, level.fd, name)
    return
  }
  stack.pop()
  closeSync(level.fd)
  removeFolder(level)
}

function removeFolder({ parent, name }: Level): void {
  try {
    native().unlinkat(parent, name, atFlags.removedir)
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
  }
}

function push(stack: Level[], parent: number, name: PathBytes): void {
  let fd: number
  try {
    fd = native().openat2(parent, name, readDirectory, 0, 0)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return
    throw error
  }
  stack.push({ fd, name, parent, entries: [] })
  ;(stack.at(-1) as Level).entries = native().readdir(fd)
}

/** True when the entry is gone, false when it is a folder. */
function removeEntry(dirfd: number, name: PathBytes): boolean {
  try {
    native().unlinkat(dirfd, name, 0)
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return true
    if (isErrno(error, 'EISDIR', 'EPERM') && isDirectory(dirfd, name)) return false
    throw error
  }
}

function isDirectory(dirfd: number, name: PathBytes): boolean {
  return (native().statx(dirfd, name, atFlags.symlinkNofollow).mode & 0o170000) === 0o040000
}
