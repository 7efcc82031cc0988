// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { systemError } from '../errno.ts'
import { native } from '../native/load.ts'

const lockOperation = { shared: 1, exclusive: 2, nonBlocking: 4 } as const

/** Options of {@link lockFile}. @public */
export interface LockFileOptions {
  /** Default exclusive. */
  shared?: boolean
  /** Rejects with `ETIMEDOUT` after this many milliseconds. Default 10 000; 0 tries once. */
  timeoutMs?: number
  signal?: AbortSignal
}

/** A lock that is held until it is released or the process ends. @public */
export interface FileLock extends Disposable {
  release(): void
}

/**
 * Takes an advisory lock on a file, which is made with mode 0600 when missing (flock(2)). The lock belongs to the open
 * file: two calls exclude each other, also within one process. It waits without blocking the event loop.
 *
 * @public
 */
export async function lockFile(path: string, options: LockFileOptions = {}): Promise<FileLock> {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  try {
    await acquire(fd, path, options)
  } catch (error) {
    closeSync(fd)
    throw error
  }
  let held = true
  const release = () => {
    if (held) closeSync(fd)
    held = false
  }
  return { release, [Symbol.dispose]: release }
}

async function acquire(
  fd: number,
  path: string,
  { shared, timeoutMs = 10_000, signal }: LockFileOptions,
): Promise<void> {
  const operation = (shared ? lockOperation.shared : lockOperation.exclusive) | lockOperation.nonBlocking
  const deadline = performance.now() + timeoutMs
  for (let pauseMs = 1; !native().flock(fd, operation); pauseMs = Math.min(pauseMs * 2, 50)) {
    if (performance.now() >= deadline) throw systemError('ETIMEDOUT', 110, 'flock', path)
    await delay(pauseMs, undefined, signal && { signal })
  }
}
