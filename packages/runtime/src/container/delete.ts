// SPDX-License-Identifier: Apache-2.0
import { hasCode, isNotFound, StackError } from '@teu/errors'
import { runEveryHook } from '../hooks/run-hook.ts'
import { isPrivate } from '../spec/namespaces.ts'
import { openInit } from './end-process.ts'
import { killContainer } from './kill.ts'
import type { DeleteOptions } from './options.ts'
import type { SavedState, StateDirectory } from './state-file.ts'
import { cgroupOf, hookState, statusOf } from './status.ts'

const killTimeoutMs = 10_000

/**
 * Removes a container that does not run: what is left of its processes, its cgroup, its state; then the poststop hooks
 * run, whose failure is a warning. A created container is killed first, with `force` a running one too.
 *
 * @internal
 */
export async function deleteContainer(
  directory: StateDirectory,
  id: string,
  options: DeleteOptions,
  warn: (message: string) => void,
): Promise<void> {
  let saved: SavedState
  try {
    saved = directory.read(id)
  } catch (error) {
    // A directory without state is what a create that was killed at its very start has left.
    if (options.force) directory.remove(id)
    if (options.force && isNotFound(error)) return
    throw error
  }
  const status = statusOf(directory, saved)
  if (status !== 'stopped') {
    if (status !== 'created' && !options.force) {
      throw new StackError('failed-precondition', `cannot delete container ${id} that is not stopped: ${status}`)
    }
    await killInit(saved, options.signal)
  }
  await removeContainer(directory, saved, warn, options.signal)
}

/** Removes what is left of a container whose init has ended. */
async function removeContainer(
  directory: StateDirectory,
  saved: SavedState,
  warn: (message: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const cgroup = cgroupOf(saved)
  // Without a known init, one may have been left on its way.
  const leftover = !isPrivate(saved.spec, 'pid') || saved.init_process_pid === 0
  if (leftover && cgroup?.exists()) await cgroup.killAll()
  // Always: of a create that was killed, the hierarchies that were made may not be those that `exists` looks at.
  await cgroup?.delete(signal && { signal })
  directory.remove(saved.id)
  await runEveryHook(saved.spec.hooks?.poststop, hookState(saved, 'stopped', 0), warn, signal)
}

async function killInit(saved: SavedState, signal: AbortSignal | undefined): Promise<void> {
  using init = openInit(saved)
  if (init === undefined) return
  try {
    await killContainer(saved, 9, {})
  } catch (error) {
    // It has ended by itself in between.
    if (!hasCode(error, 'failed-precondition')) throw error
  }
  try {
    await init.waitExit({ timeoutMs: killTimeoutMs, ...(signal && { signal }) })
  } catch (error) {
    signal?.throwIfAborted()
    throw new StackError('deadline-exceeded', `container init of ${saved.id} still running`, { cause: error })
  }
}
