// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises'
import { isProcessRunning, Pidfd, readProcessStat } from '@teu/linux'
import { readExitFile } from '../monitor/exit-file.ts'
import type { MonitorClient, ProcessEnd } from '../monitor/monitor-client.ts'
import { hasLogger } from '../monitor/stream-uri.ts'
import { type ProcessRecord, type ProcessStdio, saveProcess } from './process-record.ts'
import { canMove, moveState, type ProcessMove, type ProcessState } from './process-state.ts'

/** The status of a process whose monitor was killed: nobody can learn its own, so it is killed as well. */
const killedStatus = 137

/** How long a logging program may take to end: what the monitor gives it to read, to obey SIGTERM, and a bit. */
const loggerPatienceMs = 15_000

/** A new process's record. @internal */
export function newProcessRecord(execId: string, stdio: ProcessStdio, spec?: unknown): ProcessRecord {
  const { stdin, stdout, stderr, terminal } = stdio
  return {
    version: 1,
    execId,
    stdin,
    stdout,
    stderr,
    terminal,
    state: execId === '' ? 'creating' : 'created',
    pid: 0,
    startTime: '',
    exitStatus: 0,
    exitedAt: '',
    ...(spec !== undefined && { spec }),
  }
}

/** One process of a container, its first one or an exec: its state, its monitor, its end. @internal */
export class ShimProcess {
  readonly record: ProcessRecord
  readonly bundle: string
  /** Settles when the process has ended. */
  readonly ended: Promise<ProcessEnd>
  readonly #end = Promise.withResolvers<ProcessEnd>()
  #monitor: MonitorClient | undefined
  #size: { columns: number; rows: number } | undefined
  #inputClosed = false
  #gate: Promise<void> = Promise.resolve()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(bundle: string, record: ProcessRecord) {
    this.bundle = bundle
    this.record = record
    this.ended = this.#end.promise
  }

  get execId(): string {
    return this.record.execId
  }

  get state(): ProcessState {
    return this.record.state
  }

  get pid(): number {
    return this.record.pid
  }

  /** Whether the process exists and has not ended. */
  get isLive(): boolean {
    return this.record.pid !== 0 && canMove(this.record.state, 'exit')
  }

  /** `failed-precondition` when the process's state does not allow the move. */
  move(move: ProcessMove): void {
    this.record.state = moveState(this.record.state, move)
  }

  /** Runs `work` when what was asked of this process before is done. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => {})
    return result
  }

  /** Keeps the exit from being reported until the returned function is called. */
  holdExit(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#gate = Promise.all([this.#gate, promise]).then(() => {})
    return resolve
  }

  /** Resolves when the exit may be reported. */
  get exitReleased(): Promise<void> {
    return this.#gate
  }

  /** Takes over a process that was just made. */
  adopt(pid: number, monitor: MonitorClient): void {
    this.record.pid = pid
    this.record.startTime = String(readProcessStat(pid)?.startTime ?? '')
    this.watch(monitor)
  }

  /** Waits for the end of the process: through its monitor, else by its exit file, else by its pid. */
  watch(monitor: MonitorClient | undefined): void {
    this.#monitor = monitor
    if (this.#size !== undefined) monitor?.resize(this.#size.columns, this.#size.rows)
    if (this.#inputClosed) monitor?.closeInput()
    void this.#awaitEnd(monitor).then((end) => {
      this.record.exitStatus = end.status
      this.record.exitedAt = String(end.nanoseconds)
      if (canMove(this.record.state, 'exit')) this.move('exit')
      this.#end.resolve(end)
    })
  }

  /** The size that its terminal was given last; undefined when none was. */
  get size(): { readonly columns: number; readonly rows: number } | undefined {
    return this.#size
  }

  /** Sets the terminal's size, at once or when there is one. */
  resize(columns: number, rows: number): void {
    this.#size = { columns, rows }
    this.#monitor?.resize(columns, rows)
  }

  closeInput(): void {
    this.#inputClosed = true
    this.#monitor?.closeInput()
  }

  /** Signals through the monitor, which cannot hit another process of the same number. */
  signal(number: number): void {
    this.#monitor?.signal(number)
  }

  /**
   * Lets the monitor go. With a logging program that takes a while: the program reads what was written, and is then told
   * to end; resolves when it has, so that nobody finds half a log behind a task that is gone.
   */
  async release(): Promise<void> {
    this.#monitor?.quit()
    if (this.#monitor === undefined || !hasLogger(this.record)) return
    await Promise.race([this.#monitor.left, delay(loggerPatienceMs, undefined, { ref: false })])
  }

  /** Forgets the monitor without a word, as this shim leaves. */
  disconnect(): void {
    this.#monitor?.disconnect()
  }

  /** Saves the record. */
  save(): void {
    saveProcess(this.bundle, this.record)
  }

  async #awaitEnd(monitor: MonitorClient | undefined): Promise<ProcessEnd> {
    try {
      if (monitor !== undefined) return await monitor.exited
    } catch {
      // The monitor has left: after it wrote the exit file, unless it was killed.
    }
    return (await readExitFile(this.bundle, this.execId)) ?? this.#recordedEnd() ?? (await this.#killUnwatched())
  }

  /** What an earlier shim found out without a monitor: told again, an exit has to be the same one. */
  #recordedEnd(): ProcessEnd | undefined {
    const { exitStatus, exitedAt } = this.record
    return exitedAt === '' ? undefined : { status: exitStatus, nanoseconds: BigInt(exitedAt) }
  }

  /** Without its monitor a process has nobody to hold its streams or to learn how it ended. */
  async #killUnwatched(): Promise<ProcessEnd> {
    const { pid, startTime } = this.record
    try {
      using process = Pidfd.open(pid)
      if (startTime !== '' && isProcessRunning(pid, BigInt(startTime))) {
        process.signal(9)
        await process.waitExit()
      }
    } catch {
      // It has ended, and its number may already be another's.
    }
    return { status: killedStatus, nanoseconds: BigInt(Date.now()) * 1_000_000n }
  }
}
