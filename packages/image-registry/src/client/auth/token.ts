// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { failureOf, redact } from '../http/answer.ts'
import { isPassingStatus, pause, type RetryPolicy, retryDelay, transportFailure } from '../http/retry.ts'
import {
  discard,
  type HttpAnswer,
  type HttpRequest,
  readBody,
  readText,
  type TlsSettings,
  type Transport,
} from '../http/transport.ts'
import { basicHeader, type Credentials } from './credentials.ts'

/** What a token service is asked for. @internal */
export interface TokenRequest {
  realm: URL
  tls: TlsSettings
  service: string | undefined
  scopes: readonly string[]
  credentials: Credentials | undefined
  userAgent: string
  signal: AbortSignal | undefined
  retry: RetryPolicy
}

/** A token, and when it ends, in milliseconds of `performance.now()`. @internal */
export interface Token {
  value: string
  expires: number
  /** A new refresh token, where the service replaces them. */
  refreshToken?: string
}

const maximumAnswer = 1024 * 1024
/** Above this no server would read the header. */
const maximumToken = 48 * 1024
/** Tokens that do not say are good for this many seconds, and none is trusted for less. */
const minimumLifetime = 60

/**
 * Asks a token service, again when it says that it cannot answer just now. A refresh token goes by POST as OAuth 2 has
 * it, anything else by GET. A connection that breaks is for the caller, who has a request to repeat anyway.
 *
 * @internal
 */
export async function fetchToken(transport: Transport, request: TokenRequest): Promise<Token> {
  const { credentials, realm, signal, tls } = request
  const byPost = credentials !== undefined && 'identityToken' in credentials
  const http = byPost ? postRequest(request, credentials.identityToken) : getRequest(request)
  for (let attempt = 0; ; attempt++) {
    const answer = byPost ? await transport.send(http, tls) : await transport.sendAndFollow(http, tls)
    if (answer.status === 200) return readToken(answer, realm)
    const { status } = answer
    const delay = isPassingStatus(status) ? retryDelay(request.retry, attempt, answer.header('retry-after')) : undefined
    if (delay === undefined) throw failureOf(`fetch token: ${http.method}`, realm, status, await readText(answer))
    await discard(answer)
    await pause(delay, signal).catch((error) => {
      throw transportFailure(`fetch token from ${redact(realm)}`, error, signal)
    })
  }
}

function getRequest({ realm, service, scopes, credentials, userAgent, signal }: TokenRequest): HttpRequest {
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  const authorization = basicHeader(credentials)
  if (credentials !== undefined && 'password' in credentials) {
    url.searchParams.set('account', credentials.username)
    url.searchParams.set('client_id', 'teu')
  }
  const headers = { 'user-agent': userAgent, accept: 'application/json', ...(authorization && { authorization }) }
  return { method: 'GET', url, headers, signal }
}

function postRequest({ realm, service, scopes, userAgent, signal }: TokenRequest, refreshToken: string): HttpRequest {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: 'teu',
    service: service ?? '',
    scope: scopes.join(' '),
  })
  return {
    method: 'POST',
    url: realm,
    headers: {
      'user-agent': userAgent,
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: () => form.toString(),
    signal,
  }
}

async function readToken(answer: HttpAnswer, realm: URL): Promise<Token> {
  const body = await readBody(answer, maximumAnswer)
  let fields: Record<string, unknown> = {}
  try {
    fields = JSON.parse(Buffer.from(body).toString('utf8')) ?? {}
  } catch {
    // Falls through to the error of a missing token.
  }
  const value = fields.token || fields.access_token
  if (typeof value !== 'string' || value === '' || value.length > maximumToken || !/^[\x21-\x7e]+$/.test(value)) {
    throw new StackError('unauthenticated', `fetch token from ${redact(realm)}: no usable token in the answer`)
  }
  const said = typeof fields.expires_in === 'number' ? fields.expires_in : minimumLifetime
  const seconds = Math.min(Math.max(said, minimumLifetime), 24 * 3600)
  const { refresh_token: refreshToken } = fields
  // A tenth is kept back, so that a token does not end on its way.
  const token = { value, expires: performance.now() + seconds * 900 }
  return typeof refreshToken === 'string' && refreshToken !== '' ? { ...token, refreshToken } : token
}
