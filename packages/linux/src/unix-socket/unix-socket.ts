// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs'
import type { Socket } from 'node:net'
import { isErrno } from '../errno.ts'
import { type WaitOptions, waitReadable } from '../file/wait-readable.ts'
import { native } from '../native/load.ts'

/** Types of {@link unixSocketPair}. @public */
export type UnixSocketType = 'stream' | 'seqpacket' | 'datagram'

const types = { stream: 1, datagram: 2, seqpacket: 5 } as const
const afUnix = 1

/** Two connected sockets, both close-on-exec and in blocking mode (socketpair(2)). @public */
export function unixSocketPair(type: UnixSocketType = 'stream'): [number, number] {
  return native().socketpair(types[type])
}

/**
 * Connects to a UNIX socket, of streams unless `type` says otherwise, and returns the descriptor. A path over 107 bytes
 * is reached through its folder; a name that begins with `@` is of the abstract namespace (unix(7)).
 *
 * @public
 */
export function connectUnix(path: string, type: UnixSocketType = 'stream'): number {
  return withSocket(type, (fd) => {
    if (path.startsWith('@')) native().connectAbstract(fd, path)
    else native().connectUnix(fd, path)
  })
}

/** Binds a UNIX datagram socket to a path with mode 0600 and returns the descriptor. `EADDRINUSE` when it exists. @public */
export function bindUnixDatagrams(path: string): number {
  return withSocket('datagram', (fd) => native().bindUnix(fd, path))
}

/** Binds and listens on a UNIX stream socket path with mode 0600, and returns the descriptor. `EADDRINUSE` when it exists. @public */
export function listenUnix(path: string, backlog = 16): number {
  return withSocket('stream', (fd) => {
    native().bindUnix(fd, path)
    native().listen(fd, backlog)
  })
}

/** Accepts one connection, waiting through the event loop; the connection is close-on-exec and blocking. @public */
export async function acceptUnix(listenerFd: number, options: WaitOptions = {}): Promise<number> {
  for (;;) {
    await waitReadable(listenerFd, options)
    try {
      return native().accept(listenerFd)
    } catch (error) {
      if (!isErrno(error, 'EAGAIN', 'ECONNABORTED', 'EINTR')) throw error
    }
  }
}

/** Who is at the other end of a UNIX socket, as of connect or listen (SO_PEERCRED). @public */
export interface PeerCredentials {
  pid: number
  uid: number
  gid: number
}

/** The peer of a connected UNIX socket, given as a descriptor or as Node's socket. @public */
export function peerCredentials(socket: number | Socket): PeerCredentials {
  return native().peerCredentials(typeof socket === 'number' ? socket : socketFd(socket))
}

/** The descriptor under one of Node's sockets. Throws when the socket is closed. @public */
export function socketFd(socket: Socket): number {
  const fd = (socket as unknown as { _handle?: { fd?: number } })._handle?.fd
  if (fd === undefined || fd < 0) throw new Error('the socket has no descriptor')
  return fd
}

function withSocket(type: UnixSocketType, use: (fd: number) => void): number {
  const fd = native().socket(afUnix, types[type], 0)
  try {
    use(fd)
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}
