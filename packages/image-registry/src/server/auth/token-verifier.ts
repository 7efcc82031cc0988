// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import type { JWTVerifyGetKey, JWTVerifyOptions } from 'jose'
import type { Access } from './access.ts'
import type { TokenKey } from './keys.ts'

/** What a token has to be for. @internal */
export interface TokenExpectation {
  issuer: string
  audience: string
}

/** What a token proves. @internal */
export interface TokenClaims {
  /** Absent for a token that was given to nobody in particular. */
  user: string | undefined
  access: readonly Access[]
  /** Seconds since 1970. */
  expires: number
  claims: Readonly<Record<string, unknown>>
}

/** Clocks may differ by so many seconds. */
const leeway = 30
const maximumRemembered = 1000
const algorithms = ['RS256', 'ES256']

/** Where the keys come from: a list, or a key set that is fetched when it is needed. @internal */
export type TokenKeys = readonly TokenKey[] | { jwksUrl: URL }

/**
 * Checks tokens against configured keys. What a token's header says of keys (`jwk`, `jku`, `x5c`, `x5u`) is not looked
 * at; `kid` chooses among the configured ones. Algorithms other than RS256 and ES256, a token without an end, for
 * another audience or of another issuer are refused.
 *
 * @internal
 */
export class TokenVerifier {
  readonly #keys: TokenKeys
  readonly #expected: TokenExpectation
  readonly #remembered = new Map<string, TokenClaims>()
  #remote: JWTVerifyGetKey | undefined

  constructor(keys: TokenKeys, expected: TokenExpectation) {
    this.#keys = keys
    this.#expected = expected
  }

  /** What a token proves; throws for one that proves nothing. */
  async verify(token: string): Promise<TokenClaims> {
    const id = createHash('sha256').update(token).digest('base64')
    const known = this.#remembered.get(id)
    // The signature was checked before, only time goes on. `nbf` lay in the past already then.
    if (known !== undefined && known.expires > Date.now() / 1000) return known
    this.#remembered.delete(id)
    const claims = await this.#check(token)
    this.#remembered.set(id, claims)
    if (this.#remembered.size > maximumRemembered) {
      this.#remembered.delete(this.#remembered.keys().next().value as string)
    }
    return claims
  }

  async #check(token: string): Promise<TokenClaims> {
    const { decodeProtectedHeader, jwtVerify } = await import('jose')
    const { issuer, audience } = this.#expected
    const options: JWTVerifyOptions = {
      ...{ issuer, audience, algorithms },
      clockTolerance: leeway,
      requiredClaims: ['exp', 'iss', 'aud'],
    }
    if ('jwksUrl' in this.#keys)
      return claimsOf((await jwtVerify(token, await this.#fetched(this.#keys.jwksUrl), options)).payload)
    const { alg, kid } = decodeProtectedHeader(token)
    const usable = this.#keys.filter(({ algorithm }) => algorithm === alg)
    const named = usable.filter(({ id }) => id === kid)
    let failure: unknown = new Error('no key for it')
    for (const { key } of named.length > 0 ? named : usable) {
      try {
        return claimsOf((await jwtVerify(token, key, options)).payload)
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  async #fetched(url: URL): Promise<JWTVerifyGetKey> {
    const { createRemoteJWKSet } = await import('jose')
    this.#remote ??= createRemoteJWKSet(url, { timeoutDuration: 5_000, cooldownDuration: 10_000 })
    return this.#remote
  }
}

function claimsOf(payload: Record<string, unknown>): TokenClaims {
  const { sub, access, exp } = payload
  const entries = Array.isArray(access) ? access.slice(0, 256) : []
  return {
    user: typeof sub === 'string' && sub !== '' ? sub : undefined,
    access: entries.filter(isAccess),
    expires: exp as number,
    claims: payload,
  }
}

function isAccess(value: unknown): value is Access {
  if (typeof value !== 'object' || value === null) return false
  const { type, name, actions } = value as Record<string, unknown>
  return typeof type === 'string' && typeof name === 'string' && Array.isArray(actions)
}
