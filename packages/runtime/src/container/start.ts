// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, existsSync, openSync, readSync, rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { StackError } from '@teu/errors'
import { isErrno, type Pidfd, waitReadable } from '@teu/linux'
import { runHooks } from '../hooks/run-hook.ts'
import { NotifySocket } from '../notify/notify-socket.ts'
import { deleteContainer } from './delete.ts'
import { destroyProcess, openInit } from './end-process.ts'
import type { StartOptions } from './options.ts'
import type { SavedState, StateDirectory } from './state-file.ts'
import { hookState, requireMove, statusOf } from './status.ts'

/**
 * Opens `exec.fifo`, which lets init go on, and runs the poststart hooks; when one fails the container is deleted. Of
 * two calls at once one succeeds and the other is told that the container runs already.
 *
 * @internal
 */
export async function startContainer(
  directory: StateDirectory,
  saved: SavedState,
  options: StartOptions,
  warn: (message: string) => void,
): Promise<void> {
  requireMove('start', statusOf(directory, saved))
  if (!saved.spec.process.args?.length) {
    throw new StackError('failed-precondition', 'process property must not be empty')
  }
  using init = openInit(saved)
  if (init === undefined) throw new StackError('failed-precondition', 'cannot start a container that has stopped')
  using notify = options.notifySocket ? NotifySocket.bind(directory.path(saved.id)) : undefined
  const fifo = directory.fifo(saved.id)
  await handOver(fifo, init, options.signal)
  rmSync(fifo, { force: true })
  try {
    await runHooks(saved.spec.hooks?.poststart, hookState(saved, 'running', init.pid), options.signal)
  } catch (error) {
    // Nothing stays of it, as of one whose create failed; the error is why, not what came of the removal.
    await removeFailed(directory, saved, init.pid, warn).catch((left: Error) => warn(left.message))
    throw error
  }
  const mainPid = options.notifyMainPid === false ? undefined : init.pid
  await notify?.forward(options.notifySocket as string, init, mainPid, options.signal)
}

async function removeFailed(
  directory: StateDirectory,
  saved: SavedState,
  pid: number,
  warn: (message: string) => void,
): Promise<void> {
  await destroyProcess(pid, { reap: false })
  await deleteContainer(directory, saved.id, { force: true }, warn)
}

/**
 * Waits until init has written its byte, or ended. Who opens the FIFO after init has closed it already is told nothing
 * by the kernel: that another start was faster shows when the FIFO is gone.
 */
async function handOver(fifo: string, init: Pidfd, signal: AbortSignal | undefined): Promise<void> {
  const fd = openFifo(fifo)
  const over = new AbortController()
  const stop = signal ? AbortSignal.any([signal, over.signal]) : over.signal
  const deadline = performance.now() + startTimeoutMs
  let ended = false
  const end = init.waitExit({ signal: stop }).then(() => {
    ended = true
  })
  // The one that is given up rejects when `over` fires.
  end.catch(() => {})
  try {
    while (!readByte(fd)) {
      if (ended) throw new StackError('failed-precondition', 'container process is already dead')
      if (!existsSync(fifo)) throw new StackError('failed-precondition', 'cannot start an already running container')
      if (performance.now() > deadline) throw new StackError('deadline-exceeded', 'container init does not go on')
      await Promise.race([end, readableSoon(fd, stop)])
      signal?.throwIfAborted()
    }
  } finally {
    over.abort()
    closeSync(fd)
  }
}

const startTimeoutMs = 30_000
const lookAgainMs = 20

async function readableSoon(fd: number, signal: AbortSignal): Promise<void> {
  const before = performance.now()
  try {
    await waitReadable(fd, { signal, timeoutMs: lookAgainMs })
  } catch (error) {
    if (!isErrno(error, 'ETIMEDOUT') && !signal.aborted) throw error
  }
  // A FIFO whose writer has gone is readable at once, without a byte.
  if (performance.now() - before < 1) await delay(1)
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
