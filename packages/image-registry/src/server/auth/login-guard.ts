// SPDX-License-Identifier: Apache-2.0
import { Failure } from '../failure.ts'
import { Buckets, hostKey, type Rate } from '../limits/buckets.ts'

/** How many times as often as for one user a host may fail for all users together. */
const usersAtOnce = 10

/** Pairs of user and host that are remembered for having logged in; the oldest is forgotten first. */
const maximumPairs = 20_000

/** A login that somebody tries. @internal */
export interface LoginAttempt {
  /** The caller's address. */
  address: string
  user: string
  /** Whether these very credentials were right before, so that nothing can be guessed with them. */
  isProven: boolean
}

/**
 * Bounds how often passwords are guessed, without shutting out those who share an address with the guesser: failures
 * count for the user and the host together, and, up to ten times as many, for the host alone, which bounds the guessing
 * of names. A user who has logged in from a host is not held up by that second count. Credentials that were right before
 * pass always; what is right costs nothing.
 *
 * @internal
 */
export class LoginGuard {
  readonly #ofPairs: Buckets
  readonly #ofHosts: Buckets
  readonly #knownPairs = new Set<string>()

  constructor(rate: Rate) {
    this.#ofPairs = new Buckets(rate)
    this.#ofHosts = new Buckets({ count: rate.count * usersAtOnce, seconds: rate.seconds })
  }

  /** Runs a login; throws TOOMANYREQUESTS when too many failed before, without looking at this one. */
  async check<T>({ address, user, isProven }: LoginAttempt, login: () => Promise<T>): Promise<T> {
    if (isProven) return login()
    const host = hostKey(address)
    const pair = `${host} ${user}`
    const standings = [this.#ofPairs.look(pair), ...(this.#knownPairs.has(pair) ? [] : [this.#ofHosts.look(host)])]
    const refusal = standings.find(({ allowed }) => !allowed)
    if (refusal !== undefined) {
      const headers = { 'retry-after': String(refusal.retryAfter) }
      throw new Failure('TOOMANYREQUESTS', 'too many failed logins', { headers })
    }
    try {
      const result = await login()
      this.#remember(pair)
      return result
    } catch (error) {
      if (error instanceof Failure && error.code === 'UNAUTHORIZED') {
        this.#ofPairs.take(pair)
        this.#ofHosts.take(host)
      }
      throw error
    }
  }

  #remember(pair: string): void {
    this.#knownPairs.delete(pair)
    this.#knownPairs.add(pair)
    if (this.#knownPairs.size > maximumPairs) this.#knownPairs.delete(this.#knownPairs.values().next().value as string)
  }
}
