// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs'
import { isErrno } from '../errno.ts'
import { atFlags } from '../mount/constants.ts'
import type { FileStat, PathBytes } from '../native/addon.ts'
import { native } from '../native/load.ts'
import { fileTypes, openFlags, resolveFlags } from './open-flags.ts'
import { removalSteps } from './remove-tree.ts'
import type { RootDirectory } from './root-directory.ts'

/** How long a walk holds the thread at a time, milliseconds. */
const sliceMs = 5
/** Folders inside one another that a measuring walk enters; each costs a descriptor while it is open. */
const maximumDepth = 512

const readDirectory = openFlags.directory | openFlags.nofollow | openFlags.cloexec

/**
 * As {@link RootDirectory.removeAll} for an entry of the root itself, a few milliseconds at a time: other work of the
 * process runs meanwhile. The root must stay open until it settles. Aborting `signal` leaves a part of the tree.
 *
 * @public
 */
export async function removeInSlices(root: RootDirectory, name: string, signal?: AbortSignal): Promise<void> {
  await inSlices(removalSteps(root.fd, name), signal)
}

/**
 * The bytes of the files in a folder of the root and below, as their lengths say; a file with several names counts
 * once. It follows no link, enters no mount and no folder deeper than 512, and holds the thread for a few milliseconds
 * at a time. What vanishes meanwhile does not count. Zero when there is no such folder.
 *
 * @public
 */
export async function sizeInSlices(root: RootDirectory, name: string, signal?: AbortSignal): Promise<number> {
  const total = { bytes: 0n, seen: new Set<string>() }
  await inSlices(sizeSteps(root.fd, name, total), signal)
  return Number(total.bytes)
}

async function inSlices(steps: Generator<void>, signal: AbortSignal | undefined): Promise<void> {
  try {
    for (let ends = performance.now() + sliceMs; !steps.next().done; ) {
      if (performance.now() < ends) continue
      await new Promise(setImmediate)
      signal?.throwIfAborted()
      ends = performance.now() + sliceMs
    }
  } finally {
    steps.return(undefined)
  }
}

interface Total {
  bytes: bigint
  /** Files with several names that were counted. */
  seen: Set<string>
}

function* sizeSteps(dirfd: number, name: string, total: Total): Generator<void> {
  const stack: { fd: number; entries: (Buffer | number)[] }[] = []
  const enter = (parent: number, folder: PathBytes) => {
    const fd = openFolder(parent, folder)
    if (fd === undefined) return
    stack.push({ fd, entries: [] })
    stack[stack.length - 1] = { fd, entries: native().readdir(fd) }
  }
  try {
    enter(dirfd, name)
    for (let level = stack.at(-1); level; level = stack.at(-1)) {
      level.entries.pop()
      const entry = level.entries.pop()
      if (entry === undefined) closeSync((stack.pop() as typeof level).fd)
      else if (countEntry(level.fd, entry as Buffer, total) && stack.length < maximumDepth)
        enter(level.fd, entry as Buffer)
      yield
    }
  } finally {
    for (const { fd } of stack) closeSync(fd)
  }
}

/** Counts what is a file; true for a folder. */
function countEntry(dirfd: number, name: PathBytes, total: Total): boolean {
  const stat = statOf(dirfd, name)
  if (stat === undefined) return false
  if ((stat.mode & fileTypes.mask) === fileTypes.directory) return true
  const key = `${stat.dev} ${stat.ino}`
  if (stat.nlink > 1 && total.seen.has(key)) return false
  if (stat.nlink > 1) total.seen.add(key)
  total.bytes += stat.size
  return false
}

function statOf(dirfd: number, name: PathBytes): FileStat | undefined {
  try {
    return native().statx(dirfd, name, atFlags.symlinkNofollow)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Undefined for what is gone, is no folder, or is another mount. */
function openFolder(parent: number, name: PathBytes): number | undefined {
  try {
    return native().openat2(parent, name, readDirectory, 0, resolveFlags.noXdev)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV')) return undefined
    throw error
  }
}
