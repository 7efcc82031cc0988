// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { isRepositoryName } from '@teu/oci-spec/distribution'
import type { Exchange } from '../exchange.ts'
import { Failure } from '../failure.ts'
import type { Route } from '../router.ts'
import { type Access, askedScopes, includesAccess, neededAccess, type RepositoryAction } from './access.ts'
import type { AuthInit, TokenInit } from './auth-init.ts'
import { parseBasic, parseBearer } from './basic.ts'
import { parseHtpasswd } from './htpasswd.ts'
import { parsePublicKeys, signingKey } from './keys.ts'
import { LoginGuard } from './login-guard.ts'
import { PasswordCheck } from './password-check.ts'
import { AccessRules } from './rules.ts'
import { TokenEndpoint, tokenPath } from './token-endpoint.ts'
import { TokenIssuer } from './token-issuer.ts'
import { type TokenKeys, TokenVerifier } from './token-verifier.ts'

/** Who a caller is, and what they may do. */
interface Identity {
  user: string | undefined
  /** Whether they proved anything; whoever did not is asked to. */
  isProved: boolean
  /** Whether asking for another token may help. */
  byToken: boolean
  allows(access: Access): boolean
  /** Whether they may know that a repository exists. */
  sees(repository: string): boolean
}

interface Bearer {
  verifier: TokenVerifier
  service: string
  realm: string | undefined
}

const defaultName = 'teu-registry'

/**
 * Finds out who a caller is and lets them do what they may. What a caller presents has to be right even where nothing
 * need be presented, so that a wrong password never passes for none.
 *
 * @internal
 */
export class Authenticator {
  readonly #rules: AccessRules
  readonly #passwords: PasswordCheck | undefined
  readonly #guard: LoginGuard
  readonly #bearer: Bearer | undefined
  /** Present when this registry gives out tokens itself. */
  readonly tokens: TokenEndpoint | undefined

  constructor(init: AuthInit) {
    const { htpasswd, access = [], anonymousPull = [], token, failedLogins = { count: 30, seconds: 60 } } = init
    const isExternal = token?.keys !== undefined || token?.jwksUrl !== undefined
    if (htpasswd === undefined && !isExternal) throw invalid('want htpasswd, or keys of a token service')
    if (htpasswd !== undefined && isExternal)
      throw invalid('htpasswd and keys of another token service exclude each other')
    this.#rules = new AccessRules(access, anonymousPull)
    this.#guard = new LoginGuard(failedLogins)
    this.#passwords = htpasswd === undefined ? undefined : new PasswordCheck(parseHtpasswd(htpasswd))
    if (isExternal) this.#bearer = externalBearer(token ?? {})
    else if (token !== undefined || this.#rules.letsAnonymousIn) {
      const { bearer, endpoint } = this.#ownBearer(token ?? {})
      this.#bearer = bearer
      this.tokens = endpoint
    }
  }

  /** Takes other users and passwords from now on; throws `invalid-argument` and keeps the old ones for a wrong file. */
  reload(htpasswd: string): void {
    this.#passwords?.replace(parseHtpasswd(htpasswd))
  }

  #ownBearer(token: TokenInit): { bearer: Bearer; endpoint: TokenEndpoint } {
    const passwords = this.#passwords as PasswordCheck
    const { service = defaultName, issuer = defaultName, lifetimeSeconds: lifetime = 300, realm } = token
    if (!(Number.isInteger(lifetime) && lifetime >= 60)) throw invalid('tokens have to last 60 seconds at least')
    const key = signingKey(token.signingKey)
    const tokens = new TokenIssuer({ key, passwords, rules: this.#rules, issuer, service, lifetime })
    const verifier = new TokenVerifier([key], { issuer, audience: service })
    return {
      bearer: { verifier, service, realm },
      endpoint: new TokenEndpoint({ issuer: tokens, passwords, guard: this.#guard }),
    }
  }

  /** Lets a request through, noting who sent it, or throws the refusal: 401 with a challenge, or 403. */
  async admit(found: Route, exchange: Exchange): Promise<void> {
    const needed = neededAccess(found, exchange.method)
    const mountFrom = found.kind === 'uploads' ? mountSource(exchange.query) : undefined
    const scopes = askedScopes(needed, mountFrom)
    const identity = await this.#identify(exchange, scopes)
    if (needed === undefined ? !identity.isProved : !identity.allows(needed)) {
      throw this.#refusal(exchange, identity, needed, scopes)
    }
    if (mountFrom !== undefined && !identity.allows(pulls(mountFrom))) {
      // Not a failure: the caller sends the blob instead, and learns nothing of the other repository.
      exchange.query.delete('mount')
      exchange.query.delete('from')
    }
  }

  /** Lets users in to pages made for people and tools, and nobody else: what is open to all is open to be pulled. */
  async admitToPages(exchange: Exchange): Promise<void> {
    // A token may be anybody's: those that are given out for what is open to all name no user.
    const { user } = await this.#identify(exchange, [])
    if (user === undefined) throw this.#wantsPassword(exchange)
  }

  /** Ends the thread that checks passwords. */
  async close(): Promise<void> {
    await this.#passwords?.close()
  }

  async #identify(exchange: Exchange, scopes: readonly string[]): Promise<Identity> {
    const header = exchange.header('authorization')
    const identity = header === undefined ? this.#anonymous() : await this.#proved(exchange, header, scopes)
    if (identity.user !== undefined) exchange.caller.user = identity.user
    exchange.caller.sees = identity.sees
    return identity
  }

  async #proved(exchange: Exchange, header: string, scopes: readonly string[]): Promise<Identity> {
    const basic = parseBasic(header)
    if (basic !== undefined && this.#passwords !== undefined) {
      // skopeo and podman send an empty name and password when they have none.
      if (basic.user === '' && basic.password === '' && this.#rules.letsAnonymousIn) return this.#anonymous()
      return this.#byPassword(exchange, basic.user, basic.password, scopes)
    }
    const token = parseBearer(header)
    if (token === undefined || this.#bearer === undefined) throw this.#unauthorized(exchange, scopes)
    const claims = await this.#bearer.verifier.verify(token).catch(() => undefined)
    if (claims === undefined) throw this.#unauthorized(exchange, scopes, 'invalid_token')
    const { user, access } = claims
    const sees = (name: string) => this.tokens === undefined || this.#rules.allows(user, name, 'pull')
    return { user, isProved: true, byToken: true, allows: (needed) => includesAccess(access, needed), sees }
  }

  async #byPassword(exchange: Exchange, user: string, password: string, scopes: readonly string[]): Promise<Identity> {
    const { address } = exchange.caller
    const isProven = this.#passwords?.isProven(user, password) ?? false
    await this.#guard.check({ address, user, isProven }, async () => {
      if (!(await this.#passwords?.verify(user, password))) throw this.#unauthorized(exchange, scopes)
    })
    return this.#byRules(user)
  }

  #anonymous(): Identity {
    return { ...this.#byRules(undefined), isProved: false }
  }

  #byRules(user: string | undefined): Identity {
    const allows = ({ type, name, actions }: Access) =>
      type === 'repository'
        ? actions.every((action) => this.#rules.allows(user, name, action as RepositoryAction))
        : user !== undefined || this.#rules.letsAnonymousIn
    return { user, isProved: true, byToken: false, allows, sees: (name) => this.#rules.allows(user, name, 'pull') }
  }

  #refusal(exchange: Exchange, identity: Identity, needed: Access | undefined, scopes: readonly string[]): Failure {
    if (identity.isProved && !identity.byToken) return new Failure('DENIED', detailOf(needed))
    return this.#unauthorized(exchange, scopes, identity.byToken ? 'insufficient_scope' : undefined, detailOf(needed))
  }

  #unauthorized(exchange: Exchange, scopes: readonly string[], error?: string, detail?: unknown): Failure {
    const bearer = this.#bearer
    if (bearer === undefined) return this.#wantsPassword(exchange, detail)
    const parameters = [
      `realm="${bearer.realm ?? `${exchange.caller.origin}${tokenPath}`}"`,
      `service="${bearer.service}"`,
      ...(scopes.length > 0 ? [`scope="${scopes.join(' ')}"`] : []),
      ...(error === undefined ? [] : [`error="${error}"`]),
    ]
    return new Failure('UNAUTHORIZED', detail, { headers: { 'www-authenticate': `Bearer ${parameters.join(',')}` } })
  }

  #wantsPassword(exchange: Exchange, detail?: unknown): Failure {
    if (this.#passwords === undefined) return this.#unauthorized(exchange, [], undefined, detail)
    const challenge = `Basic realm="${defaultName}", charset="UTF-8"`
    return new Failure('UNAUTHORIZED', detail, { headers: { 'www-authenticate': challenge } })
  }
}

function externalBearer(token: TokenInit): Bearer {
  const { keys, jwksUrl, realm, service = defaultName, issuer } = token
  if (realm === undefined || issuer === undefined) throw invalid('another token service needs realm and issuer')
  if (keys !== undefined && jwksUrl !== undefined) throw invalid('want keys or jwksUrl, not both')
  const source: TokenKeys = keys === undefined ? { jwksUrl: checkedUrl(jwksUrl as string) } : parsePublicKeys(keys)
  return { verifier: new TokenVerifier(source, { issuer, audience: service }), service, realm }
}

/** Keys that came over an open line could be anybody's. */
function checkedUrl(text: string): URL {
  const url = URL.parse(text)
  const isLocal = url !== null && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)) return url
  throw invalid(`jwksUrl ${JSON.stringify(text.slice(0, 128))} is no https URL`)
}

/** The repository that a mount reads from. Without one it would be any: then none is looked for. */
function mountSource(query: URLSearchParams): string | undefined {
  if (!query.has('mount')) return undefined
  const from = query.get('from') ?? ''
  if (isRepositoryName(from)) return from
  query.delete('mount')
  return undefined
}

function pulls(name: string): Access {
  return { type: 'repository', name, actions: ['pull'] }
}

/** The form that Docker's registry gives it. */
function detailOf(needed: Access | undefined): unknown {
  return needed?.actions.map((action) => ({ Type: needed.type, Class: '', Name: needed.name, Action: action }))
}

function invalid(why: string): StackError {
  return new StackError('invalid-argument', `auth: ${why}`)
}
