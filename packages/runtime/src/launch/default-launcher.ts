// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { sealedTeuInit, spawnProcess, unixSocketPair } from '@teu/linux'
import type { InitLauncher, StdioFd } from './launcher.ts'

/**
 * Spawns `teu-init init` from a sealed copy, so that no container can overwrite what enters it. Stage 0 and the final
 * init are children of this process. The environment of the caller never enters: what the program gets is in its
 * launch program.
 *
 * @internal
 */
export const launchDirectly: InitLauncher = async ({ stdio, extraFds, signal }) => {
  signal?.throwIfAborted()
  const path = sealedTeuInit()
  const [ours, theirs] = unixSocketPair()
  const channel = new Socket({ fd: ours })
  try {
    const descriptors = [...stdio.map(descriptorOf), theirs, ...extraFds]
    const pid = spawnProcess({ path, argv: ['teu-init', 'init'], descriptors })
    signal?.addEventListener('abort', () => channel.destroy(), { once: true })
    return { channel, pid, ownsChild: true }
  } catch (error) {
    channel.destroy()
    throw error
  } finally {
    closeSync(theirs)
  }
}

function descriptorOf(stdio: StdioFd, index: number): number | undefined {
  if (stdio === 'ignore') return undefined
  return stdio === 'inherit' ? index : stdio
}
