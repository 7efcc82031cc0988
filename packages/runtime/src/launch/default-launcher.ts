// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { sealedTeuInit } from '@teu/linux'
import type { InitLauncher } from './launcher.ts'

/**
 * Spawns `teu-init init` from a sealed copy, so that no container can overwrite what enters it. Stage 0 and the final
 * init are children of this process.
 *
 * @internal
 */
export const launchDirectly: InitLauncher = async ({ stdio, extraFds, signal }) => {
  signal?.throwIfAborted()
  // The environment of the caller never enters: what the program gets is in its launch program.
  const child: ChildProcess = spawn(sealedTeuInit(), ['init'], {
    stdio: [...stdio, 'pipe', ...extraFds],
    env: {},
    argv0: 'teu-init',
  })
  if (child.pid === undefined) {
    const [error] = await once(child, 'error')
    throw error
  }
  const channel = child.stdio[3] as Duplex
  signal?.addEventListener('abort', () => channel.destroy(), { once: true })
  child.unref()
  return { channel, pid: child.pid, ownsChild: true }
}
