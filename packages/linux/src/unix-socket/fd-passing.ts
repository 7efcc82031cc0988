// SPDX-License-Identifier: Apache-2.0
import { isErrno } from '../errno.ts'
import { type WaitOptions, waitReadable, waitWritable } from '../file/wait-readable.ts'
import { native } from '../native/load.ts'

/** Bytes and the descriptors that came with them. The descriptors are the receiver's to close, and close-on-exec. @public */
export interface FdMessage {
  data: Buffer
  fds: number[]
}

/** The most descriptors that one message carries (SCM_MAX_FD). @public */
export const maxFdsPerMessage = 253

/**
 * Sends bytes with descriptors over a UNIX socket (SCM_RIGHTS, unix(7)). At least one byte must go along. Returns the
 * count of bytes sent; the descriptors go with the first of them. Throws `EAGAIN` when the socket is full.
 *
 * @public
 */
export function sendFds(socketFd: number, data: Uint8Array, fds: readonly number[]): number {
  return native().sendmsgFds(socketFd, data, fds)
}

/** What to accept in one message. @public */
export interface ReceiveFdsOptions extends WaitOptions {
  /** Default 4096. */
  maxBytes?: number
  /** Descriptors beyond this many are closed. Default {@link maxFdsPerMessage}. */
  maxFds?: number
}

/**
 * Receives one message, waiting through the event loop. No data means that the peer has closed. The socket need not be
 * in non-blocking mode. Rejects with the signal's reason when aborted, with `ETIMEDOUT` after `timeoutMs`.
 *
 * @public
 */
export async function receiveFds(socketFd: number, options: ReceiveFdsOptions = {}): Promise<FdMessage> {
  for (;;) {
    const message = native().recvmsgFds(socketFd, options.maxBytes ?? 4096, options.maxFds ?? maxFdsPerMessage)
    if (message) return message
    await waitReadable(socketFd, options)
  }
}

/**
 * Sends all of the bytes, the descriptors with the first of them, waiting through the event loop while the peer does
 * not read. Default 10 000 milliseconds for all, then `ETIMEDOUT`.
 *
 * @public
 */
export async function sendAllFds(
  socketFd: number,
  data: Uint8Array,
  fds: readonly number[],
  options: WaitOptions = {},
): Promise<void> {
  const { timeoutMs = 10_000 } = options
  const deadline = performance.now() + timeoutMs
  for (let sent = 0; sent < data.length; ) {
    options.signal?.throwIfAborted()
    try {
      sent += sendFds(socketFd, data.subarray(sent), sent === 0 ? fds : [])
    } catch (error) {
      if (!isErrno(error, 'EAGAIN')) throw error
      await waitWritable(socketFd, { ...options, timeoutMs: Math.max(0, deadline - performance.now()) })
    }
  }
}
