// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os'
import type { OutputStream } from './context/streams.ts'

const termination = ['SIGINT', 'SIGTERM'] as const

/**
 * The user's interrupts while one command runs: the first aborts `signal`, unless the command forwards signals
 * itself; the third ends the process, whatever the command is waiting for.
 */
export class Interrupts implements Disposable {
  /** Aborted at the first interrupt. */
  readonly signal: AbortSignal
  /** What the process should end with after an interrupt (128 and the signal's number); undefined before one. */
  status: number | undefined
  readonly #controller = new AbortController()
  readonly #stderr: OutputStream
  #count = 0
  #left = false

  constructor(stderr: OutputStream) {
    this.#stderr = stderr
    this.signal = this.#controller.signal
    for (const name of termination) process.on(name, this.#onSignal)
  }

  /** The command answers interrupts itself; only the third still counts here. */
  leaveToCommand(): void {
    this.#left = true
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    for (const name of termination) process.off(name, this.#onSignal)
  }

  readonly #onSignal = (name: NodeJS.Signals) => {
    this.#count++
    if (this.#count >= 3) {
      this.#stderr.write('\ngot 3 SIGTERM/SIGINTs, forcefully exiting\n')
      process.exit(1)
    }
    if (this.#left) return
    this.status ??= 128 + constants.signals[name]
    this.#controller.abort()
  }
}
