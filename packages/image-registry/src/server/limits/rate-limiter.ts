// SPDX-License-Identifier: Apache-2.0
import type { Caller, Exchange } from '../exchange.ts'
import { Failure } from '../failure.ts'
import type { Route } from '../router.ts'
import { Buckets, hostKey, type Standing } from './buckets.ts'
import type { LimitsInit } from './limits-init.ts'

/**
 * Counts requests and pulls of users, and of hosts where nobody proved to be one. What is left is told with every answer
 * in the headers that Docker Hub's clients read: `RateLimit-Limit` and `RateLimit-Remaining`, each with the period in
 * seconds as `w`.
 *
 * @internal
 */
export class RateLimiter {
  readonly #requests: Buckets | undefined
  readonly #pulls: Buckets | undefined

  constructor({ requests, pulls }: LimitsInit) {
    this.#requests = requests && new Buckets(requests)
    this.#pulls = pulls && new Buckets(pulls)
  }

  /** Takes a request into account; throws TOOMANYREQUESTS, with the time to wait, when it is one too many. */
  admit(found: Route | undefined, exchange: Exchange): void {
    const key = keyOf(exchange.caller)
    const request = this.#requests?.take(key)
    if (request?.allowed === false) throw this.#tooMany(exchange, this.#requests as Buckets, request)
    const isManifest = found?.kind === 'manifest' && (exchange.method === 'GET' || exchange.method === 'HEAD')
    if (!isManifest || this.#pulls === undefined) {
      if (request !== undefined) announce(exchange, this.#requests as Buckets, request)
      return
    }
    const pull = exchange.method === 'GET' ? this.#pulls.take(key) : this.#pulls.look(key)
    if (!pull.allowed && exchange.method === 'GET') throw this.#tooMany(exchange, this.#pulls, pull)
    announce(exchange, this.#pulls, pull)
  }

  #tooMany(exchange: Exchange, buckets: Buckets, standing: Standing): Failure {
    announce(exchange, buckets, standing)
    const detail = `more than ${buckets.rate.count} in ${buckets.rate.seconds} s`
    return new Failure('TOOMANYREQUESTS', detail, { headers: { 'retry-after': String(standing.retryAfter) } })
  }
}

function keyOf({ user, address }: Caller): string {
  return user === undefined ? `host ${hostKey(address)}` : `user ${user}`
}

function announce(exchange: Exchange, { rate }: Buckets, { remaining }: Standing): void {
  exchange.announce('ratelimit-limit', `${rate.count};w=${rate.seconds}`)
  exchange.announce('ratelimit-remaining', `${remaining};w=${rate.seconds}`)
  exchange.announce('docker-ratelimit-source', exchange.caller.user ?? hostKey(exchange.caller.address))
}
