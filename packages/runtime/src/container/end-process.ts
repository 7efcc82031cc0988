// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { isErrno, Pidfd } from '@teu/linux'
import type { ExitStatus } from './options.ts'
import type { SavedState } from './state-file.ts'
import { isInitRunning } from './status.ts'

const killTimeoutMs = 10_000

/**
 * Kills a process and waits for its end. With `reap` it is reaped, too, when it is a child of ours; without, that is
 * left to who waits for its exit status. Fine when it is gone.
 *
 * @internal
 */
export async function destroyProcess(pid: number, { reap }: { reap: boolean }): Promise<void> {
  let process: Pidfd
  try {
    process = Pidfd.open(pid)
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return
    throw error
  }
  try {
    process.signal(9)
    if (reap) await process.wait({ timeoutMs: killTimeoutMs })
    else await process.waitExit({ timeoutMs: killTimeoutMs })
  } finally {
    process.close()
  }
}

/**
 * A child of this process that nobody else reaps. It is reaped as soon as it ends, without keeping this process alive
 * for that; reading `exited` does keep it alive.
 *
 * @internal
 */
export class ReapedChild {
  readonly pid: number
  readonly #process: Pidfd
  readonly #status: Promise<ExitStatus>
  #ended = false

  constructor(pid: number) {
    this.pid = pid
    this.#process = Pidfd.open(pid)
    this.#status = this.#reap()
    // Who does not ask must not be hit by a failure.
    this.#status.catch(() => {})
  }

  get exited(): Promise<ExitStatus> {
    return this.#awaitAlive()
  }

  async #awaitAlive(): Promise<ExitStatus> {
    const settled = new AbortController()
    if (!this.#ended) this.#process.waitExit({ signal: settled.signal }).catch(() => {})
    try {
      return await this.#status
    } finally {
      settled.abort()
    }
  }

  async #reap(): Promise<ExitStatus> {
    try {
      const exit = await this.#process.wait({ keepAlive: false })
      if (exit === undefined) throw new StackError('internal', `process ${this.pid} is no child of this one`)
      return { exitCode: exit.exitCode, ...(exit.signal !== undefined && { signalNumber: exit.signal }) }
    } finally {
      this.#ended = true
      this.#process.close()
    }
  }
}

/**
 * Opens the init of a container for signals; undefined when it has ended. The start time is compared after the process
 * was opened, so that a number which was given again cannot be hit.
 *
 * @internal
 */
export function openInit(saved: SavedState): Pidfd | undefined {
  if (!isInitRunning(saved)) return undefined
  let process: Pidfd
  try {
    process = Pidfd.open(saved.init_process_pid)
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return undefined
    throw error
  }
  if (isInitRunning(saved)) return process
  process.close()
  return undefined
}
