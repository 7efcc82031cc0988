// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs'
import { isErrno, systemError } from '../errno.ts'
import { type WaitOptions, waitReadable } from '../file/wait-readable.ts'
import { native } from '../native/load.ts'
import { readProcessStat } from './stat.ts'

/** How a process ended: by exit with `exitCode`, or by `signal` (then `exitCode` is 128 + signal, as shells report it). @public */
export interface ProcessExit {
  exitCode: number
  signal?: number
  coreDumped: boolean
}

/**
 * A process that cannot be mistaken for a later one with the same number (pidfd_open(2)). Close it, or declare it
 * with `using`; it does not keep the process a zombie.
 *
 * @public
 */
export class Pidfd implements Disposable {
  readonly pid: number
  readonly fd: number
  #closed = false

  private constructor(pid: number, fd: number) {
    this.pid = pid
    this.fd = fd
  }

  /**
   * Throws `ESRCH` when there is no such process. With `startTime`, as {@link readProcessStat} told it earlier, also
   * when the number has gone to another process since.
   */
  static open(pid: number, startTime?: bigint): Pidfd {
    const process = new Pidfd(pid, openPidfd(pid))
    // Looked at only now: what the descriptor refers to can no longer change.
    if (startTime === undefined || readProcessStat(pid)?.startTime === startTime) return process
    process.close()
    throw systemError('ESRCH', 3, 'pidfd_open')
  }

  /** Takes over a descriptor, for example one received through {@link receiveFds}. */
  static fromFd(pid: number, fd: number): Pidfd {
    return new Pidfd(pid, fd)
  }

  /** Sends a signal; 0 only probes. False when the process has been reaped already. */
  signal(signal: number): boolean {
    try {
      native().pidfdSendSignal(this.fd, signal)
      return true
    } catch (error) {
      if (isErrno(error, 'ESRCH')) return false
      throw error
    }
  }

  /**
   * Waits until the process has ended, whoever's child it is, through the event loop: no thread is used. It does not
   * reap. Rejects with the signal's reason when aborted and with `ETIMEDOUT` after `timeoutMs`.
   */
  async waitExit(options?: WaitOptions): Promise<void> {
    await waitReadable(this.fd, options)
  }

  /** Reaps a child of this process without waiting. Undefined while it runs; throws `ECHILD` when it is not ours to reap. */
  reap(): ProcessExit | undefined {
    const info = native().waitidPidfd(this.fd)
    return info && exitOf(info)
  }

  /** {@link Pidfd.waitExit}, then {@link Pidfd.reap}. Undefined when the process is no child of ours. */
  async wait(options?: WaitOptions): Promise<ProcessExit | undefined> {
    await this.waitExit(options)
    try {
      return this.reap()
    } catch (error) {
      if (isErrno(error, 'ECHILD')) return undefined
      throw error
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    closeSync(this.fd)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** Reaps one child by number without waiting. Undefined while it runs; throws `ECHILD` when there is none. @public */
export function reapChild(pid: number): ProcessExit | undefined {
  const info = native().waitidPid(pid)
  return info && exitOf(info)
}

const cld = { exited: 1, dumped: 3 } as const

function exitOf({ code, status }: { code: number; status: number }): ProcessExit {
  if (code === cld.exited) return { exitCode: status, coreDumped: false }
  return { exitCode: 128 + status, signal: status, coreDumped: code === cld.dumped }
}

function openPidfd(pid: number): number {
  try {
    return native().pidfdOpen(pid, 0)
  } catch (error) {
    // What kernels say of a process that is just being reaped, and of a thread that is no process.
    if (pid > 0 && isErrno(error, 'EINVAL', 'ENOENT')) throw systemError('ESRCH', 3, 'pidfd_open')
    throw error
  }
}
