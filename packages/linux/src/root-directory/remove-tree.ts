// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs'
import { isErrno, systemError } from '../errno.ts'
import { atFlags } from '../mount/constants.ts'
import type { PathBytes } from '../native/addon.ts'
import { native } from '../native/load.ts'
import { openFlags, resolveFlags } from './open-flags.ts'

const readDirectory = openFlags.directory | openFlags.nofollow | openFlags.cloexec
/** Folders open at a time: what lies deeper is moved up first, so that an image's depth costs no descriptors. */
const maximumOpen = 64
const noReplace = 1

/** A folder that is being emptied. The walk keeps its own stack: depth is what an image chose. */
interface Level {
  fd: number
  /** The name in the folder above; the first level has none above. */
  name: PathBytes
  parent: number
  entries: (PathBytes | number)[]
}

/**
 * Removes what `name` in `dirfd` is, with all below it, following no symbolic link and crossing no mount (`EBUSY`).
 * Nothing happens when it is not there. At most 64 descriptors are open.
 *
 * @internal
 */
export function removeTree(dirfd: number, name: PathBytes): void {
  for (const _ of removalSteps(dirfd, name));
}

/** Removes only what is inside the folder `fd` refers to. @internal */
export function removeContents(fd: number): void {
  const entries = native().readdir(fd)
  for (let i = 0; i < entries.length; i += 2) removeTree(fd, entries[i] as Buffer)
}

/** As {@link removeTree}, one step at a time; between two steps the caller may do other things. @internal */
export function* removalSteps(dirfd: number, name: PathBytes): Generator<void> {
  if (removeEntry(dirfd, name)) return
  const stack: Level[] = []
  try {
    push(stack, dirfd, name)
    for (let moved = 0; stack.length > 0; yield) {
      const { fd, entries } = topOf(stack)
      if (entries.length === 0) {
        closeTop(stack)
        continue
      }
      entries.pop()
      const entry = entries.pop() as PathBytes
      if (removeEntry(fd, entry)) continue
      if (stack.length < maximumOpen || !moveUp(stack, entry, moved++)) push(stack, fd, entry)
    }
  } finally {
    for (const level of stack) closeSync(level.fd)
  }
}

const topOf = (stack: readonly Level[]): Level => stack.at(-1) as Level

function closeTop(stack: Level[]): void {
  const { fd, parent, name } = stack.pop() as Level
  closeSync(fd)
  try {
    native().unlinkat(parent, name, atFlags.removedir)
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
  }
}

/** Moves a folder into the outermost one, to be removed from there. False where that does not go. */
function moveUp([outermost, ...inner]: readonly Level[], name: PathBytes, number: number): boolean {
  if (!outermost || inner.length === 0) return false
  const fresh = `.removed-${number}-${process.pid}`
  try {
    native().renameat2(topOf(inner).fd, name, outermost.fd, fresh, noReplace)
  } catch {
    return false
  }
  outermost.entries.push(fresh, 4)
  return true
}

function push(stack: Level[], parent: number, name: PathBytes): void {
  let fd: number
  try {
    fd = native().openat2(parent, name, readDirectory, 0, resolveFlags.noXdev)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return
    if (isErrno(error, 'EXDEV')) throw systemError('EBUSY', 16, 'remove', String(name))
    throw error
  }
  stack.push({ fd, name, parent, entries: [] })
  topOf(stack).entries = native().readdir(fd)
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
