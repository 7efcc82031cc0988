// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { AuthChallenge } from '@teu/oci-spec/distribution'
import type { Endpoint } from '../endpoints.ts'
import { redact } from '../http/answer.ts'
import type { RetryPolicy } from '../http/retry.ts'
import type { Transport } from '../http/transport.ts'
import { basicHeader, type Credentials } from './credentials.ts'
import { coverScopes, mergeScopes } from './scopes.ts'
import { fetchToken, type Token } from './token.ts'

/** Collaborators of an {@link Authorizer}. @internal */
export interface AuthorizerInit {
  transport: Transport
  endpoint: Endpoint
  credentials: () => Promise<Credentials | undefined>
  userAgent: string
  retry: RetryPolicy
}

interface BearerChallenge {
  kind: 'bearer'
  realm: URL
  service: string | undefined
}

/** A token, asked for, and what for. */
interface Grant {
  challenge: BearerChallenge
  scopes: readonly string[]
  token: Promise<Token>
}

/** Grants of one place; above, the oldest is forgotten. */
const maximumGrants = 256

/**
 * Knows how one place wants its callers to prove themselves. It learns that from the first 401 and from then on sends
 * the proof along; tokens are kept by what they are for, and one that allows more than is needed does.
 *
 * @internal
 */
export class Authorizer {
  readonly #init: AuthorizerInit
  #grants: Grant[] = []
  /** What a place asked for beyond what a request said it needs, by the latter. */
  readonly #wider = new Map<string, string[]>()
  #challenge: BearerChallenge | { kind: 'basic' } | undefined
  #refreshToken: string | undefined

  constructor(init: AuthorizerInit) {
    this.#init = init
  }

  /** The value of `Authorization` for a request that needs `scopes`; `undefined` before the first challenge. */
  async header(scopes: readonly string[], signal: AbortSignal | undefined): Promise<string | undefined> {
    const challenge = this.#challenge
    if (challenge === undefined) return undefined
    const credentials = await this.#init.credentials()
    if (credentials !== undefined && 'registryToken' in credentials) return `Bearer ${credentials.registryToken}`
    if (challenge.kind === 'basic') return basicHeader(credentials)
    const token = await this.#token(
      challenge,
      credentials,
      this.#wider.get(keyOf(scopes)) ?? mergeScopes(scopes),
      signal,
    )
    return `Bearer ${token.value}`
  }

  /**
   * Takes up the challenges of a 401. Answers whether it is worth asking again: not when the place wants what the
   * caller does not have, or refused what it was just given.
   */
  async accept(
    challenges: readonly AuthChallenge[],
    sent: string | undefined,
    scopes: readonly string[],
  ): Promise<boolean> {
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
    const basic = challenges.find(({ scheme }) => scheme === 'basic')
    if (bearer !== undefined) {
      const challenge: BearerChallenge = {
        kind: 'bearer',
        realm: this.#realm(bearer),
        service: bearer.parameters.get('service'),
      }
      this.#challenge = challenge
      const demanded = (bearer.parameters.get('scope') ?? '').split(' ')
      if (coverScopes(scopes, mergeScopes(demanded))) this.#wider.delete(keyOf(scopes))
      else this.#wider.set(keyOf(scopes), mergeScopes(scopes, demanded))
      if (sent?.startsWith('Bearer ')) await this.#forget(sent.slice('Bearer '.length))
      return true
    }
    if (basic === undefined) return false
    this.#refuseClearText('basic authentication', new URL(this.#init.endpoint.origin))
    this.#challenge = { kind: 'basic' }
    if (basicHeader(await this.#init.credentials()) === undefined) {
      throw new StackError('unauthenticated', `${this.#init.endpoint.origin}: no basic auth credentials`)
    }
    return sent === undefined
  }

  #realm(challenge: AuthChallenge): URL {
    const text = challenge.parameters.get('realm') ?? ''
    const realm = URL.parse(text)
    const isHttp = realm?.protocol === 'https:' || realm?.protocol === 'http:'
    const { realms } = this.#init.endpoint
    if (realm === null || !isHttp || isLinkLocal(realm) || realms?.includes(realm.origin) === false) {
      throw new StackError(
        'failed-precondition',
        `${this.#init.endpoint.origin}: token realm ${JSON.stringify(text.slice(0, 128))} is refused`,
      )
    }
    realm.username = ''
    realm.password = ''
    this.#refuseClearText('a token', realm)
    return realm
  }

  /**
   * The peer chooses the realm, so a registry that is reached over TLS may not have secrets sent in the clear: not at all
   * unless it may be insecure, and then to no other host than its own.
   */
  #refuseClearText(what: string, url: URL): void {
    const { origin, insecure } = this.#init.endpoint
    const registry = new URL(origin)
    if (url.protocol === 'https:') return
    if (insecure && (registry.protocol === 'http:' || registry.hostname === url.hostname)) return
    throw new StackError(
      'failed-precondition',
      `${this.#init.endpoint.origin}: wants ${what} over plain http from ${redact(url)}`,
    )
  }

  async #token(
    challenge: BearerChallenge,
    credentials: Credentials | undefined,
    scopes: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<Token> {
    const known = await this.#held(challenge, scopes)
    if (known !== undefined) return known
    const { transport, endpoint, userAgent, retry } = this.#init
    const sameHost = challenge.realm.hostname === new URL(endpoint.origin).hostname
    const renewed = this.#refreshToken === undefined ? credentials : { identityToken: this.#refreshToken }
    const token = fetchToken(transport, {
      ...challenge,
      ...{ scopes, userAgent, signal, retry },
      credentials: credentials !== undefined && 'identityToken' in credentials ? renewed : credentials,
      tls: sameHost ? endpoint.tls : {},
    })
    const grant: Grant = { challenge, scopes, token }
    this.#grants = [...this.#grants.slice(1 - maximumGrants), grant]
    try {
      const { refreshToken } = await token
      this.#refreshToken = refreshToken ?? this.#refreshToken
    } catch {
      this.#grants = this.#grants.filter((other) => other !== grant)
    }
    return token
  }

  /** A token at hand, or on its way, that will do. */
  async #held(challenge: BearerChallenge, scopes: readonly string[]): Promise<Token | undefined> {
    for (const grant of this.#grants.toReversed()) {
      const sameService =
        grant.challenge.realm.href === challenge.realm.href && grant.challenge.service === challenge.service
      // Without scopes it is the plain question whether one may come in, which no other token answers.
      const suffices = scopes.length === 0 ? grant.scopes.length === 0 : coverScopes(grant.scopes, scopes)
      if (!sameService || !suffices) continue
      const token = await grant.token.catch(() => undefined)
      if (token !== undefined && token.expires > performance.now()) return token
    }
    return undefined
  }

  async #forget(value: string): Promise<void> {
    const kept = await Promise.all(
      this.#grants.map(async ({ token }) => (await token.catch(() => undefined))?.value !== value),
    )
    this.#grants = this.#grants.filter((_, i) => kept[i] !== false)
  }
}

function keyOf(scopes: readonly string[]): string {
  return [...scopes].sort().join(' ')
}

/** Addresses that reach a cloud machine's metadata service: no token service lives there. */
function isLinkLocal({ hostname }: URL): boolean {
  return /^169\.254\./.test(hostname) || /^\[fe[89ab]/i.test(hostname) || hostname === '[fd00:ec2::254]'
}
