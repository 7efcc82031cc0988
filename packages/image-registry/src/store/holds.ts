// SPDX-License-Identifier: Apache-2.0

/**
 * What must not go, and what is going. A collection asks {@link isPinned} and says {@link going} without waiting for
 * anything in between; whoever relies on content pins it before looking whether it is there. So of two that meet at one
 * digest, either the collection sees the pin and leaves it alone, or the other waits until it is gone and finds it missing.
 *
 * @internal
 */
export class Holds {
  readonly #pins = new Map<string, number>()
  readonly #going = new Map<string, Promise<unknown>>()

  isPinned(key: string): boolean {
    return this.#pins.has(key)
  }

  /** Says that something is being removed, until `removal` ends. */
  going(key: string, removal: Promise<unknown>): void {
    const settled = removal.then(
      () => this.#going.delete(key),
      () => this.#going.delete(key),
    )
    this.#going.set(key, settled)
  }

  /** Runs `work` while nothing of `keys` can be removed, after what was being removed of them is gone. */
  async keeping<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    for (let going = this.#firstGoing(keys); going !== undefined; going = this.#firstGoing(keys)) await going
    for (const key of keys) this.#pins.set(key, (this.#pins.get(key) ?? 0) + 1)
    try {
      return await work()
    } finally {
      for (const key of keys) this.#release(key)
    }
  }

  #firstGoing(keys: readonly string[]): Promise<unknown> | undefined {
    for (const key of keys) {
      const going = this.#going.get(key)
      if (going !== undefined) return going
    }
    return undefined
  }

  #release(key: string): void {
    const left = (this.#pins.get(key) ?? 0) - 1
    if (left > 0) this.#pins.set(key, left)
    else this.#pins.delete(key)
  }
}

/** The key of a digest's place in one repository. @internal */
export function memberKey(repository: string, digest: string): string {
  return `${repository} ${digest}`
}
