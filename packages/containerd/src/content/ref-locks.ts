// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** Sees to it that a ref has one writer at a time. */
export class RefLocks {
  readonly #since = new Map<string, number>()

  /**
   * Takes the lock of a ref, until the returned object is disposed.
   *
   * @throws `unavailable` when another writer has it
   */
  take(namespace: string, ref: string): Disposable {
    const key = JSON.stringify([namespace, ref])
    const since = this.#since.get(key)
    if (since !== undefined) {
      const seconds = ((Date.now() - since) / 1000).toFixed(3)
      const at = new Date(since).toISOString()
      throw new StackError('unavailable', `ref ${ref} locked for ${seconds}s (since ${at}): unavailable`)
    }
    this.#since.set(key, Date.now())
    return { [Symbol.dispose]: () => void this.#since.delete(key) }
  }
}
