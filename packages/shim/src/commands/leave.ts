// SPDX-License-Identifier: Apache-2.0
import { rm, rmdir } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { isErrno } from '@teu/linux'
import type { ShimAddress } from '../bootstrap/shim-address.ts'
import { lockShim } from '../bootstrap/shim-lock.ts'

/** How long a connection may take from the kernel's queue to this process, in milliseconds. */
const queueMs = 20

/**
 * Takes a shim's socket away, so that nobody can find it any more, if nobody has: whoever looks for a shim does so under
 * the lock that is held here. False when `isWanted` says that somebody came meanwhile, or a container is left.
 *
 * @internal
 */
export async function removeShimFiles(
  { socket, bundles, lock }: ShimAddress,
  isWanted: () => Promise<boolean> | boolean,
): Promise<boolean> {
  try {
    using _lock = await lockShim(lock, 0)
    await delay(queueMs)
    if (await isWanted()) return false
    await rmdir(bundles).catch((error: unknown) => {
      if (!isErrno(error, 'ENOENT')) throw error
    })
    await rm(socket, { force: true })
    await rm(lock, { force: true })
    return true
  } catch (error) {
    // The folder itself is gone, and with it every way to find this shim.
    if (isErrno(error, 'ENOENT')) return !(await isWanted())
    // Somebody is starting a shim, or it still has containers.
    if (isErrno(error, 'ETIMEDOUT', 'ENOTEMPTY')) return false
    throw error
  }
}
