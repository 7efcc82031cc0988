// SPDX-License-Identifier: Apache-2.0
import { chmod, chown, lstat, mkdir, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { StackError } from '@teu/errors'

/** The longest path that a UNIX socket can have on Linux, in bytes. */
const maximumPathLength = 107

/**
 * Makes a path free for a listening socket: its folder exists, and a socket left by a daemon that is gone is removed.
 *
 * @throws `already-exists` when a daemon answers there or something else is in the way, `invalid-argument` when the
 * path is too long for a socket
 */
export async function claimSocketPath(path: string): Promise<void> {
  if (Buffer.byteLength(path) > maximumPathLength)
    throw new StackError('invalid-argument', `socket path ${path} is longer than ${maximumPathLength} bytes`)
  await mkdir(dirname(path), { recursive: true, mode: 0o711 })
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return
  if (!found.isSocket()) throw new StackError('already-exists', `${path} exists and is not a socket`)
  if (await answers(path)) throw new StackError('already-exists', `another daemon listens on ${path}`)
  await unlink(path).catch(() => {})
}

/** Gives a socket its owner and mode, as soon as it exists. */
export async function protectSocket(path: string, mode: number, uid?: number, gid?: number): Promise<void> {
  if (uid !== undefined || gid !== undefined) await chown(path, uid ?? -1, gid ?? -1)
  await chmod(path, mode)
}

function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(path)
  const settle = (answer: boolean) => {
    socket.destroy()
    resolve(answer)
  }
  socket.once('connect', () => settle(true))
  socket.once('error', () => settle(false))
  socket.setTimeout(2000, () => settle(true))
  return promise
}
