// SPDX-License-Identifier: Apache-2.0
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { isErrno } from '../../errno.ts'
import { waitReadable } from '../../file/wait-readable.ts'
import { native } from '../../native/load.ts'
import { writeControl } from '../files.ts'

/** Yields at each out-of-memory condition of a v1 memory cgroup; ends when the cgroup is removed. @internal */
export async function* v1OomEvents(
  folder: string,
  options: { signal?: AbortSignal; keepAlive?: boolean } = {},
): AsyncGenerator<void> {
  const event = native().eventfd()
  try {
    register(folder, event)
    for (;;) {
      await waitReadable(event, options)
      // Removing the cgroup signals the same descriptor.
      if (!consume(event)) continue
      if (!existsSync(join(folder, 'cgroup.event_control'))) return
      yield
    }
  } catch (error) {
    if (!options.signal?.aborted) throw error
  } finally {
    closeSync(event)
  }
}

function register(folder: string, event: number): void {
  const control = openSync(join(folder, 'memory.oom_control'), 'r')
  try {
    writeControl(folder, 'cgroup.event_control', `${event} ${control}`)
  } finally {
    closeSync(control)
  }
}

function consume(event: number): boolean {
  try {
    return readSync(event, Buffer.alloc(8)) === 8
  } catch (error) {
    if (isErrno(error, 'EAGAIN')) return false
    throw error
  }
}
