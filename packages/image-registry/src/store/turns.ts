// SPDX-License-Identifier: Apache-2.0

/** Work on the same thing, one after another in the order of asking. @internal */
export class Turns {
  readonly #queues = new Map<string, Promise<unknown>>()

  /** Runs `work` when all that was asked for before under this key has ended, however it ended. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(key) ?? Promise.resolve()
    const mine = before.then(work, work)
    const settled = mine.catch(() => {})
    this.#queues.set(key, settled)
    try {
      return await mine
    } finally {
      if (this.#queues.get(key) === settled) this.#queues.delete(key)
    }
  }

  /** Whether somebody is at it. */
  isBusy(key: string): boolean {
    return this.#queues.has(key)
  }
}
