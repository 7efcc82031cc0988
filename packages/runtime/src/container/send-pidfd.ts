// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs'
import { wrap } from '@teu/errors'
import { connectUnix, Pidfd, sendAllFds } from '@teu/linux'

/**
 * Sends a pidfd of a process to a UNIX stream socket in one message, as `--pidfd-socket` of runc does; its bytes are the
 * kind of process: `standard` for the init of a container, `setns` for what has joined one.
 *
 * @internal
 */
export async function sendPidfd(path: string, pid: number, kind: 'standard' | 'setns'): Promise<void> {
  try {
    using process = Pidfd.open(pid)
    const socket = connectUnix(path)
    try {
      await sendAllFds(socket, Buffer.from(kind), [process.fd])
    } finally {
      closeSync(socket)
    }
  } catch (error) {
    throw wrap(error, 'unable to start container process: send the pidfd')
  }
}
