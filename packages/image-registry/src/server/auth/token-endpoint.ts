// SPDX-License-Identifier: Apache-2.0
import { type Exchange, readWhole } from '../exchange.ts'
import { Failure } from '../failure.ts'
import { parseBasic } from './basic.ts'
import type { LoginGuard } from './login-guard.ts'
import type { PasswordCheck } from './password-check.ts'
import type { TokenIssuer } from './token-issuer.ts'

/** Where tokens are given out. @internal */
export const tokenPath = '/auth/token'

const maximumForm = 64 * 1024
/** docker asks for at most a handful: its own repository and those that layers are mounted from. */
const maximumScopes = 64

/** Collaborators of a {@link TokenEndpoint}. @internal */
export interface TokenEndpointInit {
  issuer: TokenIssuer
  passwords: PasswordCheck
  guard: LoginGuard
}

/** What a caller asks for. */
interface Asked {
  service: string | null
  scopes: string[]
  offline: boolean
}

/**
 * The token service that docker's clients know: GET with Basic credentials or none, and POST with a form as OAuth 2 has
 * it, by password or by refresh token.
 *
 * @internal
 */
export class TokenEndpoint {
  readonly #init: TokenEndpointInit

  constructor(init: TokenEndpointInit) {
    this.#init = init
  }

  async serve(exchange: Exchange): Promise<void> {
    if (exchange.method === 'GET') return this.#get(exchange)
    if (exchange.method === 'POST') return this.#post(exchange)
    throw new Failure('UNSUPPORTED', undefined, { headers: { allow: 'GET, POST' } })
  }

  async #get(exchange: Exchange): Promise<void> {
    const { query } = exchange
    const header = exchange.header('authorization')
    const basic = header === undefined ? undefined : parseBasic(header)
    if (header !== undefined && basic === undefined) throw refused()
    const user = basic && (await this.#login(exchange, basic.user, basic.password))
    const asked = {
      service: query.get('service'),
      scopes: query.getAll('scope'),
      offline: query.get('offline_token') === 'true',
    }
    await this.#answer(exchange, user, asked)
  }

  async #post(exchange: Exchange): Promise<void> {
    const form = new URLSearchParams(Buffer.from(await readWhole(exchange, maximumForm)).toString('utf8'))
    const asked = {
      service: form.get('service'),
      scopes: form.getAll('scope'),
      offline: form.get('access_type') === 'offline',
    }
    switch (form.get('grant_type')) {
      case 'password': {
        const user = await this.#login(exchange, form.get('username') ?? '', form.get('password') ?? '')
        return this.#answer(exchange, user, asked)
      }
      case 'refresh_token': {
        const token = form.get('refresh_token') ?? ''
        const user = await this.#init.issuer.refreshed(token)
        if (user === undefined) throw refused()
        return this.#answer(exchange, user, asked, token)
      }
      default:
        throw badRequest('grant_type is neither password nor refresh_token')
    }
  }

  async #login({ caller }: Exchange, user: string, password: string): Promise<string> {
    const { guard, passwords } = this.#init
    const isProven = passwords.isProven(user, password)
    await guard.check({ address: caller.address, user, isProven }, async () => {
      if (!(await passwords.verify(user, password))) throw refused()
    })
    caller.user = user
    return user
  }

  async #answer(exchange: Exchange, user: string | undefined, asked: Asked, refreshToken?: string): Promise<void> {
    const { issuer } = this.#init
    if (asked.service !== null && asked.service !== issuer.service) throw badRequest('no such service')
    const scopes = asked.scopes.flatMap((list) => list.split(' ')).filter((scope) => scope !== '')
    if (scopes.length > maximumScopes) throw badRequest('too many scopes')
    const access = issuer.grant(user, scopes)
    const token = await issuer.issue(user, access)
    const refresh = refreshToken ?? (asked.offline && user !== undefined ? await issuer.issueRefresh(user) : undefined)
    const content = {
      token,
      access_token: token,
      expires_in: issuer.lifetime,
      issued_at: new Date().toISOString(),
      scope: access.map(({ type, name, actions }) => `${type}:${name}:${actions.join(',')}`).join(' '),
      ...(refresh !== undefined && { refresh_token: refresh }),
    }
    exchange.answer(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }, JSON.stringify(content))
  }
}

function refused(): Failure {
  return new Failure('UNAUTHORIZED', undefined, { headers: { 'www-authenticate': 'Basic realm="teu-registry"' } })
}

function badRequest(why: string): Failure {
  return new Failure('UNSUPPORTED', why, { status: 400 })
}
