// SPDX-License-Identifier: Apache-2.0
import { closeSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { isErrno } from '../../errno.ts'
import { waitReadable } from '../../file/wait-readable.ts'
import { native } from '../../native/load.ts'
import { readControl, readKeyed } from '../files.ts'

const inModify = 0x2

/**
 * Yields once for each growth of `oom_kill` in `memory.events`; ends when the cgroup is removed or has lost its last
 * process, which is the last thing that a watch of its files can tell.
 *
 * @internal
 */
export async function* v2OomEvents(
  folder: string,
  options: { signal?: AbortSignal; keepAlive?: boolean } = {},
): AsyncGenerator<void> {
  const inotify = native().inotifyInit()
  try {
    native().inotifyAdd(inotify, join(folder, 'memory.events'), inModify)
    native().inotifyAdd(inotify, join(folder, 'cgroup.events'), inModify)
    for (let seen = killCount(folder) ?? 0n; ; ) {
      await waitReadable(inotify, options)
      drain(inotify)
      const count = killCount(folder)
      if (count !== undefined && count > seen) yield
      seen = count ?? seen
      if (count === undefined || readKeyed(folder, 'cgroup.events').populated === 0n) return
    }
  } catch (error) {
    if (!options.signal?.aborted) throw error
  } finally {
    closeSync(inotify)
  }
}

function killCount(folder: string): bigint | undefined {
  if (readControl(folder, 'memory.events') === undefined) return undefined
  return readKeyed(folder, 'memory.events').oom_kill ?? 0n
}

function drain(inotify: number): void {
  const buffer = Buffer.alloc(4096)
  try {
    while (readSync(inotify, buffer) === buffer.length) {}
  } catch (error) {
    if (!isErrno(error, 'EAGAIN')) throw error
  }
}
