// SPDX-License-Identifier: Apache-2.0

/** Runs each piece of work once at a time: who asks for what is going on gets what comes of it. @internal */
export class SingleFlight<T> {
  readonly #going = new Map<string, Promise<T>>()

  run(key: string, work: () => Promise<T>): Promise<T> {
    const going = this.#going.get(key)
    if (going !== undefined) return going
    const mine = work().finally(() => this.#going.delete(key))
    this.#going.set(key, mine)
    return mine
  }
}
