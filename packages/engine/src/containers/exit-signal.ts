// SPDX-License-Identifier: Apache-2.0

/** How a run ended. */
export interface RunEnd {
  exitCode: number
}

/** Tells whoever waits of the end of a run, and of a container's removal. */
export class ExitSignal {
  #exit = Promise.withResolvers<RunEnd>()
  #removed = Promise.withResolvers<RunEnd>()

  constructor() {
    // Nobody has to wait.
    this.#exit.promise.catch(() => {})
    this.#removed.promise.catch(() => {})
  }

  /** Settles at the end of the present run, or of the next one when there is none. */
  get nextExit(): Promise<RunEnd> {
    return this.#exit.promise
  }

  /** Settles when the container has been removed, with its last run's end. */
  get removal(): Promise<RunEnd> {
    return this.#removed.promise
  }

  exited(end: RunEnd): void {
    const waiting = this.#exit
    this.#exit = Promise.withResolvers<RunEnd>()
    this.#exit.promise.catch(() => {})
    waiting.resolve(end)
  }

  removed(end: RunEnd): void {
    this.#exit.resolve(end)
    this.#removed.resolve(end)
  }

  /** The removal failed: those who wait for it are told why. */
  removalFailed(error: Error): void {
    this.#removed.reject(error)
    this.#removed = Promise.withResolvers<RunEnd>()
    this.#removed.promise.catch(() => {})
  }
}
