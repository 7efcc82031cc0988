// SPDX-License-Identifier: Apache-2.0

/**
 * Lets many through together, or one alone. Whoever wants to be alone waits for those inside, and those that come later
 * wait for it, so that it gets its turn.
 *
 * @internal
 */
export class Gate {
  readonly #inside = new Set<Promise<unknown>>()
  #alone: Promise<unknown> = Promise.resolve()

  async shared<T>(work: () => Promise<T>): Promise<T> {
    for (let alone = this.#alone; ; alone = this.#alone) {
      await alone.catch(() => {})
      if (alone === this.#alone) break
    }
    const mine = work()
    this.#inside.add(mine)
    try {
      return await mine
    } finally {
      this.#inside.delete(mine)
    }
  }

  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#alone
    const mine = (async () => {
      await before.catch(() => {})
      await Promise.allSettled(this.#inside)
      return work()
    })()
    this.#alone = mine
    return mine
  }
}

/** A gate for each name that somebody is at. @internal */
export class Gates {
  readonly #gates = new Map<string, { gate: Gate; users: number }>()

  shared<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#using(name, (gate) => gate.shared(work))
  }

  exclusive<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#using(name, (gate) => gate.exclusive(work))
  }

  async #using<T>(name: string, work: (gate: Gate) => Promise<T>): Promise<T> {
    const entry = this.#gates.get(name) ?? { gate: new Gate(), users: 0 }
    this.#gates.set(name, entry)
    entry.users++
    try {
      return await work(entry.gate)
    } finally {
      entry.users--
      if (entry.users === 0) this.#gates.delete(name)
    }
  }
}
