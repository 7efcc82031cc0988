// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { StackError } from '@teu/errors'
import { isErrno, type Pidfd, waitReadable } from '@teu/linux'
import { runHooks } from '../hooks/run-hook.ts'
import { destroyProcess, openInit } from './end-process.ts'
import type { CallOptions } from './options.ts'
import type { SavedState, StateDirectory } from './state-file.ts'
import { hookState, requireMove, statusOf } from './status.ts'

/**
 * Opens `exec.fifo`, which lets init go on, and runs the poststart hooks. Of two calls at once one succeeds and the
 * other is told that the container runs already.
 *
 * @internal
 */
export async function startContainer(
  directory: StateDirectory,
  saved: SavedState,
  options: CallOptions,
): Promise<void> {
  requireMove('start', statusOf(directory, saved))
  using init = openInit(saved)
  if (init === undefined) throw new StackError('failed-precondition', 'cannot start a container that has stopped')
  const fifo = directory.fifo(saved.id)
  await handOver(fifo, init, options.signal)
  await rm(fifo, { force: true })
  try {
    await runHooks(saved.spec.hooks?.poststart, hookState(saved, 'running', init.pid), options.signal)
  } catch (error) {
    await destroyProcess(init.pid, { reap: false })
    throw error
  }
}

/** Waits until init has written its byte, or ended. */
async function handOver(fifo: string, init: Pidfd, signal: AbortSignal | undefined): Promise<void> {
  const fd = openFifo(fifo)
  const over = new AbortController()
  const stop = signal ? AbortSignal.any([signal, over.signal]) : over.signal
  try {
    const ended = init.waitExit({ signal: stop }).then(() => 'ended' as const)
    const written = waitReadable(fd, { signal: stop }).then(() => 'written' as const)
    // The one that is given up rejects when `over` fires.
    ended.catch(() => {})
    written.catch(() => {})
    await Promise.race([written, ended])
    if (readByte(fd)) return
    if (init.signal(0) && !(await hasEnded(init))) {
      throw new StackError('failed-precondition', 'cannot start an already running container')
    }
    throw new StackError('failed-precondition', 'container process is already dead')
  } finally {
    over.abort()
    closeSync(fd)
  }
}

function openFifo(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
    throw new StackError('failed-precondition', 'cannot start an already running container', { cause: error })
  }
}

function readByte(fd: number): boolean {
  try {
    return readSync(fd, Buffer.alloc(1), 0, 1, null) === 1
  } catch (error) {
    if (isErrno(error, 'EAGAIN')) return false
    throw error
  }
}

async function hasEnded(process: Pidfd): Promise<boolean> {
  try {
    await process.waitExit({ timeoutMs: 0 })
    return true
  } catch (error) {
    if (isErrno(error, 'ETIMEDOUT')) return false
    throw error
  }
}
