// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { parseChallenges, type Reference } from '@teu/oci-spec/distribution'
import { Authorizer } from './auth/authorizer.ts'
import type { Credentials } from './auth/credentials.ts'
import { type Endpoint, Endpoints } from './endpoints.ts'
import { failureOf, redact } from './http/answer.ts'
import { proxiesOf } from './http/proxy.ts'
import { quotaOf } from './http/quota.ts'
import {
  isBrokenConnection,
  isPassingStatus,
  pause,
  type RetryPolicy,
  retryDelay,
  transportFailure,
  waitFor,
} from './http/retry.ts'
import { discard, type HttpAnswer, type HttpRequest, readBody, readText, Transport } from './http/transport.ts'
import type { RegistryClientInit } from './init.ts'
import { Warnings } from './warnings.ts'

/** Where in a registry something is. @public */
export type Repository = Pick<Reference, 'registry' | 'repository'>

/** A request to a registry, by path or by a URL that the registry handed out. @internal */
export interface RegistryRequest {
  registry: string
  method: HttpRequest['method']
  target: string | URL
  /** What the request needs to be allowed to do. */
  scopes: readonly string[]
  headers?: Record<string, string>
  body?: HttpRequest['body']
  signal?: AbortSignal | undefined
  /** Statuses that are answers; any other is thrown. */
  accept: readonly number[]
  /** Whether a broken request may be sent again as it is. Default: all but POST and PATCH. */
  repeatable?: boolean
}

const defaults = {
  userAgent: 'teu',
  retries: 5,
  retryDelayMs: 250,
  connectTimeoutMs: 10_000,
  answerTimeoutMs: 60_000,
  stallTimeoutMs: 30_000,
}

/** A mirror that could not be reached is left alone for so long. */
const mirrorRestMs = 30_000

/** What all calls of a client share: connections, what is known of registries, tokens. @internal */
export class Session {
  readonly retry: RetryPolicy
  readonly #init: RegistryClientInit & typeof defaults
  readonly #transport: Transport
  readonly #endpoints: Endpoints
  readonly #authorizers = new Map<Endpoint, Authorizer>()
  readonly #credentials = new Map<string, Promise<Credentials | undefined>>()
  readonly #resting = new Map<Endpoint, number>()
  readonly #warnings: Warnings

  constructor(init: RegistryClientInit) {
    this.#init = { ...defaults, ...init }
    this.retry = { retries: this.#init.retries, delayMs: this.#init.retryDelayMs }
    this.#transport = new Transport(this.#init, init.proxy === false ? {} : (init.proxy ?? proxiesOf(process.env)))
    this.#warnings = new Warnings(init.onWarning)
    this.#endpoints = new Endpoints(init.hosts, this.#transport)
  }

  async close(): Promise<void> {
    await this.#transport.close()
  }

  /** Sends a request, proves who is asking when that is demanded, and repeats it when it failed for the moment. */
  async send(request: RegistryRequest): Promise<HttpAnswer> {
    for (const mirror of await this.#mirrorsFor(request)) {
      const answer = await this.#attempt(mirror, request).catch(() => {
        if (!request.signal?.aborted) this.#resting.set(mirror, performance.now() + mirrorRestMs)
        return undefined
      })
      if (answer !== undefined && request.accept.includes(answer.status) && answer.status < 400) return answer
      if (answer !== undefined) await discard(answer)
      if (request.signal?.aborted) throw transportFailure(mirror.origin, request.signal.reason, request.signal)
    }
    const endpoint = await waitFor(request.registry, this.#endpoints.of(request.registry), request.signal)
    return this.#sendTo(endpoint, request)
  }

  /**
   * Sends a request that only reads, and reads its answer whole: at most `limit` bytes, `resource-exhausted` above. An
   * answer that breaks off is asked for again.
   */
  async read(request: RegistryRequest, limit: number): Promise<{ answer: HttpAnswer; body: Uint8Array<ArrayBuffer> }> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.send(request)
      const doing = `${request.method} ${redact(answer.url)}`
      try {
        return { answer, body: await readBody(answer, limit) }
      } catch (error) {
        if (error instanceof StackError) throw error
        const broken = !request.signal?.aborted && isBrokenConnection(error)
        const delay = broken ? retryDelay(this.retry, attempt) : undefined
        if (delay === undefined) throw transportFailure(doing, error, request.signal)
        await pause(delay, request.signal).catch((reason) => {
          throw transportFailure(doing, reason, request.signal)
        })
      }
    }
  }

  async #mirrorsFor(request: RegistryRequest): Promise<Endpoint[]> {
    if (!onlyPulls(request)) return []
    const mirrors = await waitFor(request.registry, this.#endpoints.mirrorsOf(request.registry), request.signal)
    return mirrors.filter(
      (endpoint) =>
        endpoint.mirror?.capabilities.includes(capabilityFor(request)) &&
        (this.#resting.get(endpoint) ?? 0) <= performance.now(),
    )
  }

  async #sendTo(endpoint: Endpoint, request: RegistryRequest): Promise<HttpAnswer> {
    const url = urlOf(endpoint, request)
    const doing = `${request.method} ${redact(url)}`
    const repeatable = request.repeatable ?? (request.method !== 'POST' && request.method !== 'PATCH')
    for (let attempt = 0; ; attempt++) {
      let delay: number | undefined
      try {
        const answer = await this.#attempt(endpoint, request)
        if (request.accept.includes(answer.status)) return answer
        const passing = isPassingStatus(answer.status) && (repeatable || answer.status === 429)
        delay = passing ? retryDelay(this.retry, attempt, answer.header('retry-after')) : undefined
        if (delay === undefined)
          throw failureOf(request.method, url, answer.status, await readText(answer), answer.header)
        await discard(answer)
      } catch (error) {
        if (error instanceof StackError) throw error
        delay = repeatable && isBrokenConnection(error) ? retryDelay(this.retry, attempt) : undefined
        if (delay === undefined) throw transportFailure(doing, error, request.signal)
      }
      await pause(delay, request.signal).catch((error) => {
        throw transportFailure(doing, error, request.signal)
      })
    }
  }

  /** One request, or two when the first was answered with a challenge. */
  async #attempt(endpoint: Endpoint, request: RegistryRequest): Promise<HttpAnswer> {
    const authorizer = this.#authorizer(endpoint, request.registry)
    const url = urlOf(endpoint, request)
    // A registry may hand out upload locations on another host; what proves the caller stays with the first.
    const own = url.origin === endpoint.origin
    const prove = (scopes: readonly string[]) =>
      waitFor(endpoint.origin, authorizer.header(scopes, request.signal), request.signal)
    const authorization = own ? await prove(request.scopes) : undefined
    const answer = await this.#once(endpoint, url, request, authorization)
    // Who answers after a redirect does not get to say where credentials go.
    if (answer.status !== 401 || !own || answer.url.origin !== url.origin || request.accept.includes(401)) return answer
    const challenges = answer.headerValues('www-authenticate').flatMap(parseChallenges)
    const scopes = request.scopes.length > 0 ? request.scopes : scopesOf(challenges)
    const accepting = authorizer.accept(challenges, authorization, scopes)
    if (!(await waitFor(endpoint.origin, accepting, request.signal))) return answer
    const proof = await prove(scopes)
    if (proof === undefined) return answer
    await discard(answer)
    return this.#once(endpoint, url, request, proof)
  }

  async #once(
    endpoint: Endpoint,
    url: URL,
    request: RegistryRequest,
    authorization: string | undefined,
  ): Promise<HttpAnswer> {
    const { method, headers, body, signal } = request
    const own = url.origin === endpoint.origin ? endpoint.headers : {}
    const http: HttpRequest = {
      method,
      url,
      headers: { 'user-agent': this.#init.userAgent, ...own, ...headers, ...(authorization && { authorization }) },
      ...(body && { body }),
      signal,
    }
    const reads = method === 'GET' || method === 'HEAD'
    const answer = await (reads
      ? this.#transport.sendAndFollow(http, endpoint.tls)
      : this.#transport.send(http, endpoint.tls))
    this.#warnings.take(request.registry, answer.headerValues('warning'))
    // Behind a redirect somebody else counts.
    const quota = answer.url.origin === url.origin ? quotaOf(answer.header) : undefined
    if (quota !== undefined) this.#init.onQuota?.(endpoint.mirror ? url.host : request.registry, quota)
    return answer
  }

  #authorizer(endpoint: Endpoint, registry: string): Authorizer {
    let authorizer = this.#authorizers.get(endpoint)
    if (authorizer === undefined) {
      const { mirror } = endpoint
      const credentials = async () => (mirror === undefined ? this.#credentialsOf(registry) : mirror.credentials())
      authorizer = new Authorizer({
        transport: this.#transport,
        endpoint,
        credentials,
        userAgent: this.#init.userAgent,
        retry: this.retry,
      })
      this.#authorizers.set(endpoint, authorizer)
    }
    return authorizer
  }

  #credentialsOf(registry: string): Promise<Credentials | undefined> {
    let credentials = this.#credentials.get(registry)
    if (credentials === undefined) {
      credentials = (async () => this.#init.credentials?.(registry))()
      this.#credentials.set(registry, credentials)
      // A program that could not answer may do so at the next call.
      credentials.catch(() => this.#credentials.delete(registry))
    }
    return credentials
  }
}

/** A mirror knows nothing of what a push needs, or of whether the registry lets the caller in. */
function onlyPulls({ method, target, scopes }: RegistryRequest): boolean {
  const reads = method === 'GET' || method === 'HEAD'
  return reads && typeof target === 'string' && scopes.length > 0 && scopes.every((scope) => scope.endsWith(':pull'))
}

/** What names content by its digest cannot be answered wrongly; anything else is a matter of trust. */
function capabilityFor({ target }: RegistryRequest): 'resolve' | 'pull' {
  return typeof target === 'string' && /\/(?:blobs|manifests)\/sha\d+:/.test(target) ? 'pull' : 'resolve'
}

function urlOf(endpoint: Endpoint, { target, method }: RegistryRequest): URL {
  if (target instanceof URL) return target
  const url = new URL(`${endpoint.prefix}${target.slice('/v2'.length)}`, endpoint.origin)
  if (endpoint.mirror !== undefined && method !== 'DELETE') url.searchParams.set('ns', endpoint.mirror.of)
  return url
}

function scopesOf(challenges: ReturnType<typeof parseChallenges>): string[] {
  return challenges.flatMap(({ parameters }) =>
    (parameters.get('scope') ?? '').split(' ').filter((scope) => scope !== ''),
  )
}
