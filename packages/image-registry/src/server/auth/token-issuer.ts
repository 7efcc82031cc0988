// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto'
import { type Access, catalogAccess, parseScope, type RepositoryAction, repositoryActions } from './access.ts'
import type { SigningKey } from './keys.ts'
import type { PasswordCheck } from './password-check.ts'
import type { AccessRules } from './rules.ts'
import { TokenVerifier } from './token-verifier.ts'

/** Collaborators of a {@link TokenIssuer}. @internal */
export interface TokenIssuerInit {
  key: SigningKey
  passwords: PasswordCheck
  rules: AccessRules
  issuer: string
  service: string
  /** How long a token lasts, in seconds. */
  lifetime: number
}

/** How long a refresh token lasts: it stands for a login. */
const refreshLifetime = 90 * 24 * 3600

/** What a refresh token is for; so neither kind can stand for the other. */
const refreshAudience = (service: string) => `${service} refresh`

/**
 * Gives out tokens for what the rules allow. A refresh token ends when its user's password changes. With a key of its
 * own process's they all end with it.
 *
 * @internal
 */
export class TokenIssuer {
  readonly #init: TokenIssuerInit
  readonly #refreshVerifier: TokenVerifier

  constructor(init: TokenIssuerInit) {
    this.#init = init
    this.#refreshVerifier = new TokenVerifier([init.key], {
      issuer: init.issuer,
      audience: refreshAudience(init.service),
    })
  }

  get lifetime(): number {
    return this.#init.lifetime
  }

  get service(): string {
    return this.#init.service
  }

  /** The part of what is asked for that a user, or everybody, may have. Less than asked for is no failure. */
  grant(user: string | undefined, scopes: readonly string[]): Access[] {
    return scopes.flatMap((text) => {
      const asked = parseScope(text)
      const actions = asked === undefined ? [] : this.#allowed(user, asked)
      return asked === undefined || actions.length === 0 ? [] : [{ ...asked, actions }]
    })
  }

  #allowed(user: string | undefined, { type, name, actions }: Access): readonly string[] {
    if (type === catalogAccess.type && name === catalogAccess.name) return catalogAccess.actions
    if (type !== 'repository') return []
    const wanted = actions.includes('*')
      ? repositoryActions
      : repositoryActions.filter((action) => actions.includes(action))
    return wanted.filter((action: RepositoryAction) => this.#init.rules.allows(user, name, action))
  }

  /** A token for the registry. */
  issue(user: string | undefined, access: readonly Access[]): Promise<string> {
    return this.#sign(user, { access }, this.#init.service, this.#init.lifetime)
  }

  /** A token to get others with, for as long as the user's password stays. */
  issueRefresh(user: string): Promise<string> {
    const claims = { password: this.#init.passwords.fingerprint(user) }
    return this.#sign(user, claims, refreshAudience(this.#init.service), refreshLifetime)
  }

  /** Whose refresh token it is; `undefined` when it is nobody's, or not any more. */
  async refreshed(token: string): Promise<string | undefined> {
    const found = await this.#refreshVerifier.verify(token).catch(() => undefined)
    const user = found?.user
    if (found === undefined || user === undefined) return undefined
    const fingerprint = this.#init.passwords.fingerprint(user)
    return fingerprint !== undefined && found.claims['password'] === fingerprint ? user : undefined
  }

  async #sign(user: string | undefined, claims: object, audience: string, lifetime: number): Promise<string> {
    const { SignJWT } = await import('jose')
    const { key, issuer } = this.#init
    const now = Math.floor(Date.now() / 1000)
    const token = new SignJWT({ ...claims })
      .setProtectedHeader({ alg: key.algorithm, kid: key.id, typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + lifetime)
      .setJti(randomUUID())
    return (user === undefined ? token : token.setSubject(user)).sign(key.sign)
  }
}
