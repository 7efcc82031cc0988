// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { AuthChallenge } from '@teu/oci-spec/distribution'
import type { Endpoint } from '../endpoints.ts'
import { redact } from '../http/answer.ts'
import type { Transport } from '../http/transport.ts'
import { basicHeader, type Credentials } from './credentials.ts'
import { fetchToken, type Token } from './token.ts'

/** Collaborators of an {@link Authorizer}. @internal */
export interface AuthorizerInit {
  transport: Transport
  endpoint: Endpoint
  credentials: () => Promise<Credentials | undefined>
  userAgent: string
}

interface BearerChallenge {
  kind: 'bearer'
  realm: URL
  service: string | undefined
}

/**
 * Knows how one place wants its callers to prove themselves. It learns that from the first 401 and from then on sends
 * the proof along; tokens are kept by what they are for.
 *
 * @internal
 */
export class Authorizer {
  readonly #init: AuthorizerInit
  readonly #tokens = new Map<string, Promise<Token>>()
  #challenge: BearerChallenge | { kind: 'basic' } | undefined

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
    const token = await this.#token(challenge, credentials, scopes, signal)
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
      this.#challenge = { kind: 'bearer', realm: this.#realm(bearer), service: bearer.parameters.get('service') }
      if (sent?.startsWith('Bearer ')) this.#forget(this.#challenge, scopes)
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
    if (realm === null || (realm.protocol !== 'https:' && realm.protocol !== 'http:') || isLinkLocal(realm)) {
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

  /** The peer chooses the realm, so a registry that is reached over TLS may not have secrets sent in the clear. */
  #refuseClearText(what: string, url: URL): void {
    if (url.protocol === 'https:' || this.#init.endpoint.insecure) return
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
    const key = keyOf(challenge, scopes)
    const known = await this.#tokens.get(key)?.catch(() => undefined)
    if (known !== undefined && known.expires > performance.now()) return known
    const { transport, endpoint, userAgent } = this.#init
    const sameHost = challenge.realm.hostname === new URL(endpoint.origin).hostname
    const fetched = fetchToken(transport, {
      ...challenge,
      ...{ scopes, credentials, userAgent, signal },
      tls: sameHost ? endpoint.tls : {},
    })
    this.#tokens.set(key, fetched)
    fetched.catch(() => this.#tokens.delete(key))
    return fetched
  }

  #forget(challenge: BearerChallenge, scopes: readonly string[]): void {
    this.#tokens.delete(keyOf(challenge, scopes))
  }
}

function keyOf(challenge: BearerChallenge, scopes: readonly string[]): string {
  return JSON.stringify([challenge.realm.href, challenge.service, [...scopes].sort()])
}

/** Addresses that reach a cloud machine's metadata service: no token service lives there. */
function isLinkLocal({ hostname }: URL): boolean {
  return /^169\.254\./.test(hostname) || /^\[fe[89ab]/i.test(hostname) || hostname === '[fd00:ec2::254]'
}
