// SPDX-License-Identifier: Apache-2.0

/** Lets tasks run one after another, in the order they came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  /** Runs `task` when all before it have ended, whether they failed or not. */
  take<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task)
    this.#last = result.catch(() => {})
    return result
  }
}
