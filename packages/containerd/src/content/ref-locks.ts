// SPDX-License-Identifier: Apache-2.0
import { setTimeout } from 'node:timers/promises'
import { StackError } from '@teu/errors'

/** How often a lock is tried, and for how long at most in all: as containerd 1.6 does it, a second. */
const tries = 10

interface Held {
  since: number
  /** Settles when the lock is free. */
  free: Promise<void>
}

/** Sees to it that a ref has one writer at a time. */
export class RefLocks {
  readonly #held = new Map<string, Held>()

  /**
   * Takes the lock of a ref, until the returned object is disposed.
   *
   * @throws `unavailable` when another writer has it
   */
  take(namespace: string, ref: string): Disposable {
    const key = JSON.stringify([namespace, ref])
    const held = this.#held.get(key)
    if (held !== undefined) {
      const seconds = ((Date.now() - held.since) / 1000).toFixed(3)
      const at = new Date(held.since).toISOString()
      throw new StackError('unavailable', `ref ${ref} locked for ${seconds}s (since ${at}): unavailable`)
    }
    const { promise: free, resolve } = Promise.withResolvers<void>()
    this.#held.set(key, { since: Date.now(), free })
    return {
      [Symbol.dispose]: () => {
        this.#held.delete(key)
        resolve()
      },
    }
  }

  /**
   * {@link take} that has patience: a client that closes a stream and opens the ref again may be faster than the end of
   * the first stream. It is given up after at most a second, by a random wait that doubles, so that several do not try
   * in step.
   *
   * @throws `unavailable` when another writer has it all the time, and the signal's reason
   */
  async takeSoon(namespace: string, ref: string, signal?: AbortSignal): Promise<Disposable> {
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted()
      const held = this.#held.get(JSON.stringify([namespace, ref]))
      // The last try says who has it.
      if (held === undefined || attempt === tries) return this.take(namespace, ref)
      using waiting = abortable(signal)
      await Promise.race([held.free, setTimeout(Math.random() * 2 ** attempt, undefined, waiting).catch(() => {})])
    }
  }
}

/** A signal of its own, so that a timer that is not waited for any more goes at once. */
function abortable(outer: AbortSignal | undefined): { signal: AbortSignal } & Disposable {
  const controller = new AbortController()
  const signal = outer === undefined ? controller.signal : AbortSignal.any([controller.signal, outer])
  return { signal, [Symbol.dispose]: () => controller.abort() }
}
