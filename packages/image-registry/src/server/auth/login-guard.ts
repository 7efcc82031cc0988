// SPDX-License-Identifier: Apache-2.0
import { Failure } from '../failure.ts'
import { Buckets, hostKey, type Rate } from '../limits/buckets.ts'

/** Bounds how often a host may get a password wrong; what is right costs nothing. @internal */
export class LoginGuard {
  readonly #failures: Buckets

  constructor(rate: Rate) {
    this.#failures = new Buckets(rate)
  }

  /** Runs a login from an address; throws TOOMANYREQUESTS when too many failed before, without looking at this one. */
  async check<T>(address: string, login: () => Promise<T>): Promise<T> {
    const key = hostKey(address)
    const { allowed, retryAfter } = this.#failures.look(key)
    if (!allowed) {
      throw new Failure('TOOMANYREQUESTS', 'too many failed logins', { headers: { 'retry-after': String(retryAfter) } })
    }
    try {
      return await login()
    } catch (error) {
      if (error instanceof Failure && error.code === 'UNAUTHORIZED') this.#failures.take(key)
      throw error
    }
  }
}
