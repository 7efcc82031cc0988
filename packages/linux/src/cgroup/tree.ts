// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isErrno, systemError } from '../errno.ts'
import { readControl } from './files.ts'
import type { CgroupWaitOptions } from './manager.ts'

/** The default of every wait here, in milliseconds. @internal */
export const defaultWaitMs = 10_000

/** Makes a cgroup and those above it; fine when it is there. @internal */
export function makeCgroup(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
}

/** The cgroups directly below one. Empty when it is gone. @internal */
export function subCgroups(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name))
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV')) return []
    throw error
  }
}

/** The pids of a cgroup and of those below, as this process's pid namespace sees them. @internal */
export function pidsBelow(folder: string, file = 'cgroup.procs'): number[] {
  const pids = new Set<number>()
  const pending = [folder]
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    // A process outside of this pid namespace shows as 0.
    for (const line of (readControl(path, file) ?? '').split('\n')) if (Number(line) > 0) pids.add(Number(line))
    pending.push(...subCgroups(path))
  }
  return [...pids]
}

/**
 * Removes cgroups with those below them. A process that has ended may hold its cgroup a moment longer, so `EBUSY` is
 * tried again until the time is over; then it is thrown, with the path.
 *
 * @internal
 */
export async function removeCgroups(folders: Iterable<string>, options: CgroupWaitOptions = {}): Promise<void> {
  const deadline = performance.now() + (options.timeoutMs ?? defaultWaitMs)
  let pending = [...folders]
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 50)) {
    let busy: unknown
    pending = pending.filter((folder) => {
      const failure = tryRemove(folder)
      busy ??= failure
      return failure !== undefined
    })
    if (busy === undefined) return
    if (performance.now() >= deadline) throw busy
    await delay(pauseMs, undefined, options.signal && { signal: options.signal })
  }
}

/** Undefined when it is gone, the error when it is busy. */
function tryRemove(folder: string): unknown {
  try {
    rmdirSync(folder)
    return undefined
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    if (!isErrno(error, 'EBUSY', 'ENOTEMPTY')) throw error
    const below = subCgroups(folder)
    if (below.length === 0) return error
    for (const child of below) {
      const failure = tryRemove(child)
      if (failure !== undefined) return failure
    }
    return tryRemoveOnce(folder)
  }
}

function tryRemoveOnce(folder: string): unknown {
  try {
    rmdirSync(folder)
    return undefined
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    if (isErrno(error, 'EBUSY', 'ENOTEMPTY')) return error
    throw error
  }
}

/** Repeats `isDone` with growing pauses until it holds. Throws `ETIMEDOUT` naming `what`. @internal */
export async function waitUntil(isDone: () => boolean, what: string, options: CgroupWaitOptions = {}): Promise<void> {
  const deadline = performance.now() + (options.timeoutMs ?? defaultWaitMs)
  for (let pauseMs = 1; !isDone(); pauseMs = Math.min(pauseMs * 2, 50)) {
    if (performance.now() >= deadline) throw systemError('ETIMEDOUT', 110, what)
    await delay(pauseMs, undefined, options.signal && { signal: options.signal })
  }
}

/** Does something to a cgroup that somebody else may be removing: nothing is left to be done to one that is gone. @internal */
export function unlessGone(act: () => void): void {
  try {
    act()
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENODEV')) throw error
  }
}

/** Signals processes that may end at any moment. @internal */
export function signalAll(pids: readonly number[], signal: number): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch (error) {
      if (!isErrno(error, 'ESRCH')) throw error
    }
  }
}
