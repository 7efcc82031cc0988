// SPDX-License-Identifier: Apache-2.0
import type { Exchange } from '../exchange.ts'

/** Where load balancers look. @internal */
export const healthPath = '/debug/health'

/** A storage that does not answer within this time is not well. */
const probeMs = 5_000
/** A result serves all who ask within this time. */
const freshMs = 1_000

/**
 * Says whether this registry can serve: 200 with `{}`, or 503 with what is wrong, also from the moment on that it is
 * about to end. It tells nothing else, so everybody may ask.
 *
 * @internal
 */
export class Health {
  /** Set when the server is about to end. */
  isClosing = false
  readonly #probe: () => Promise<unknown>
  readonly #onError: (error: unknown) => void
  #last: { at: number; isWell: Promise<boolean> } | undefined

  constructor(probe: () => Promise<unknown>, onError: (error: unknown) => void) {
    this.#probe = probe
    this.#onError = onError
  }

  async serve(exchange: Exchange): Promise<void> {
    const isWell = await this.#look()
    const state = this.isClosing ? { server: 'is about to end' } : isWell ? {} : { storage: 'cannot be reached' }
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
    exchange.answer(this.isClosing || !isWell ? 503 : 200, headers, JSON.stringify(state))
  }

  #look(): Promise<boolean> {
    const now = performance.now()
    if (this.#last === undefined || this.#last.at + freshMs < now) this.#last = { at: now, isWell: this.#check() }
    return this.#last.isWell
  }

  async #check(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('storage: no answer')), probeMs).unref()
    })
    try {
      await Promise.race([this.#probe(), late])
      return true
    } catch (error) {
      this.#onError(error)
      return false
    } finally {
      clearTimeout(timer)
    }
  }
}
