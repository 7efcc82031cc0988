// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { isPrivate } from '../spec/namespaces.ts'
import { openInit } from './end-process.ts'
import type { KillOptions } from './options.ts'
import type { SavedState } from './state-file.ts'
import { cgroupOf } from './status.ts'

const sigkill = 9

/**
 * Sends a signal to init, or with `all` to every process of the cgroup. SIGKILL of an init that shares its pid
 * namespace takes the whole cgroup, as the end of a pid namespace would; and it thaws what is frozen, since the dead
 * stay otherwise.
 *
 * @internal
 */
export async function killContainer(saved: SavedState, signal: number, options: KillOptions): Promise<void> {
  const cgroup = cgroupOf(saved)
  if (options.all) {
    if (cgroup === undefined) throw new StackError('failed-precondition', 'container has no cgroup to signal')
    await cgroup.killAll(signal)
    if (signal === sigkill) await cgroup.thaw()
    return
  }
  using init = openInit(saved)
  if (init === undefined || !init.signal(signal)) {
    throw new StackError('failed-precondition', 'container not running')
  }
  if (signal !== sigkill || cgroup === undefined || !cgroup.exists()) return
  if (!isPrivate(saved.spec, 'pid')) await cgroup.killAll(signal)
  if (cgroup.freezerState() !== 'thawed') await cgroup.thaw()
}
