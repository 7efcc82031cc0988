// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs'
import { connectUnix, isErrno, sendAllFds, unixSocketPair, waitReadable } from '@teu/linux'

const barrierTimeoutMs = 30_000

/**
 * Tells a service manager that a service is ready and which process it is, as sd_notify(3) does: one datagram each to
 * the socket at `manager`, a path or an abstract name with `@` in front. Resolves once the manager has read them
 * (sd_notify_barrier(3)), or after 30 s when it does not know how to say so.
 *
 * @internal
 */
export async function tellManager(
  manager: string,
  ready: string,
  mainPid: number | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const socket = connectUnix(manager, 'datagram')
  try {
    const options = signal ? { signal } : {}
    await sendAllFds(socket, Buffer.from(`${ready}\n`), [], options)
    if (mainPid !== undefined) await sendAllFds(socket, Buffer.from(`MAINPID=${mainPid}\n`), [], options)
    await barrier(socket, options)
  } finally {
    closeSync(socket)
  }
}

/** The manager closes what comes with the message when it gets to it. */
async function barrier(socket: number, options: { signal?: AbortSignal }): Promise<void> {
  const [ours, theirs] = unixSocketPair()
  try {
    try {
      await sendAllFds(socket, Buffer.from('BARRIER=1'), [theirs], options)
    } finally {
      closeSync(theirs)
    }
    await waitReadable(ours, { ...options, timeoutMs: barrierTimeoutMs })
  } catch (error) {
    if (!isErrno(error, 'ETIMEDOUT')) throw error
  } finally {
    closeSync(ours)
  }
}
