// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs'
import { systemError } from '../errno.ts'
import { native } from '../native/load.ts'

/** How long to wait for a descriptor. @public */
export interface WaitOptions {
  /** Ends the wait; the promise rejects with its reason. */
  signal?: AbortSignal
  /** Rejects with `ETIMEDOUT` after this many milliseconds. Default: no limit. */
  timeoutMs?: number
  /** False lets the process exit while the wait is pending. Default: true. */
  keepAlive?: boolean
}

const pollEvents = { readable: 1, writable: 2, disconnect: 4, prioritized: 8 } as const

/**
 * Resolves when a descriptor that epoll(7) accepts (pidfd, socket, FIFO, eventfd, inotify) is readable or has hung up.
 * The wait costs no thread. The descriptor may be closed meanwhile: a duplicate is watched.
 *
 * @public
 */
export function waitReadable(fd: number, options: WaitOptions = {}): Promise<void> {
  return waitFor(fd, pollEvents.readable, options)
}

/** As {@link waitReadable}, for room to write. @public */
export function waitWritable(fd: number, options: WaitOptions = {}): Promise<void> {
  return waitFor(fd, pollEvents.writable, options)
}

/** As {@link waitReadable}, for exceptional conditions (EPOLLPRI), which is how cgroup and sysfs files notify. @public */
export function waitPriority(fd: number, options: WaitOptions = {}): Promise<void> {
  return waitFor(fd, pollEvents.prioritized, options)
}

function waitFor(fd: number, events: number, options: WaitOptions): Promise<void> {
  const { signal, timeoutMs, keepAlive = true } = options
  signal?.throwIfAborted()
  const watched = native().dup(fd)
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const finish = (settle: () => void) => {
      native().pollStop(handle)
      closeSync(watched)
      if (timer) clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      settle()
    }
    const onAbort = () => finish(() => reject(signal?.reason))
    const handle = native().pollStart(watched, events, keepAlive, (status) => {
      // A negative status (EBADF of an EPOLLERR) still means that there is something to find out by reading.
      finish(status < 0 && status !== -9 ? () => reject(systemError('EIO', -status, 'poll')) : resolve)
    })
    signal?.addEventListener('abort', onAbort)
    if (timeoutMs !== undefined) {
      timer = setTimeout(() => finish(() => reject(systemError('ETIMEDOUT', 110, 'poll'))), timeoutMs)
      if (!keepAlive) timer.unref()
    }
  })
}
