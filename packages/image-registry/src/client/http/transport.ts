// SPDX-License-Identifier: Apache-2.0
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import { StackError } from '@teu/errors'
import { Agent, buildConnector, type Dispatcher, ProxyAgent } from 'undici'
import { redact } from './answer.ts'
import { type ProxySettings, proxyFinder } from './proxy.ts'

/** The TLS settings of one place. @internal */
export interface TlsSettings {
  ca?: string | Uint8Array
  cert?: string | Uint8Array
  key?: string | Uint8Array
  /** Accept any certificate. */
  unverified?: boolean
}

/** Milliseconds for the three waits of a request. @internal */
export interface Deadlines {
  connectTimeoutMs: number
  answerTimeoutMs: number
  stallTimeoutMs: number
}

/** A request that can be sent again: its body, if any, is opened anew each time. @internal */
export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  url: URL
  headers: Record<string, string>
  body?: () => AsyncIterable<Uint8Array> | Uint8Array | string
  signal?: AbortSignal | undefined
}

/** An answer whose body has not been read. @internal */
export interface HttpAnswer {
  status: number
  header: (name: string) => string | undefined
  /** Every value of a header that came more than once. */
  headerValues: (name: string) => string[]
  body: Dispatcher.ResponseData['body']
  /** Where it came from, after redirects. */
  url: URL
}

const maximumRedirects = 5

/** What is sent to every host alike; all else may identify the caller, and stays with the host it is for. */
const impersonal: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'range', 'user-agent'])

/** Sends requests over kept-alive connections, one pool for each set of TLS settings and each proxy. @internal */
export class Transport {
  readonly #deadlines: Deadlines
  readonly #proxyOf: (url: URL) => URL | undefined
  readonly #agents = new Map<TlsSettings, Map<string, Dispatcher>>()
  readonly #plain: TlsSettings = {}

  constructor(deadlines: Deadlines, proxies: ProxySettings = {}) {
    this.#deadlines = deadlines
    this.#proxyOf = proxyFinder(proxies)
  }

  #agent(tls: TlsSettings, proxy: URL | undefined, secure: boolean): Dispatcher {
    const agents = this.#agents.get(tls) ?? new Map<string, Dispatcher>()
    this.#agents.set(tls, agents)
    const key = proxy === undefined ? '' : `${secure} ${proxy.href}`
    let agent = agents.get(key)
    if (agent === undefined) {
      const { connectTimeoutMs: timeout } = this.#deadlines
      const options = { allowH2: false, maxHeaderSize: 64 * 1024 }
      agent =
        proxy === undefined
          ? new Agent({ ...options, connect: connectorFor(tls, timeout) })
          : new ProxyAgent({
              ...options,
              uri: proxy.href,
              proxyTls: { timeout },
              requestTls: {
                timeout,
                ...(secure && { secureContext: secureContextOf(tls), rejectUnauthorized: !tls.unverified }),
              },
            })
      agents.set(key, agent)
    }
    return agent
  }

  /** Sends one request and follows no redirect. */
  async send(request: HttpRequest, tls: TlsSettings = this.#plain): Promise<HttpAnswer> {
    const { method, url, headers, body, signal } = request
    const proxy = this.#proxyOf(url)
    const {
      statusCode,
      headers: received,
      body: answerBody,
    } = await this.#agent(tls, proxy, url.protocol === 'https:')
      .request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers,
        headersTimeout: this.#deadlines.answerTimeoutMs,
        bodyTimeout: this.#deadlines.stallTimeoutMs,
        ...(body === undefined ? {} : { body: body() as Dispatcher.DispatchOptions['body'] & {} }),
        ...(signal === undefined ? {} : { signal }),
      })
      .catch((error: NodeJS.ErrnoException) => {
        if (proxy !== undefined) throw noted(error, `through the proxy ${proxy.host}`)
        const mayWantCertificate =
          error.code === 'UND_ERR_SOCKET' && url.protocol === 'https:' && tls.cert === undefined
        throw mayWantCertificate ? noted(error, 'it may want a certificate of its clients') : error
      })
    const headerValues = (name: string) => [received[name] ?? []].flat()
    return { status: statusCode, header: (name) => headerValues(name)[0], headerValues, body: answerBody, url }
  }

  /**
   * Sends a request that only reads, and follows redirects. What identifies the caller goes along only as long as
   * scheme, host and port stay the same, and TLS is never left for plain HTTP.
   */
  async sendAndFollow(request: HttpRequest, tls: TlsSettings = this.#plain): Promise<HttpAnswer> {
    let current = request
    let settings = tls
    for (let hop = 0; ; hop++) {
      const answer = await this.send(current, settings)
      const location = answer.header('location')
      if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer
      await discard(answer)
      if (hop >= maximumRedirects)
        throw new StackError('failed-precondition', `${redact(request.url)}: too many redirects`)
      const url = redirectTarget(current.url, location)
      if (url.origin !== current.url.origin) {
        const headers = Object.entries(current.headers).filter(([name]) => impersonal.has(name.toLowerCase()))
        current = { ...current, headers: Object.fromEntries(headers) }
        if (url.hostname !== current.url.hostname) settings = this.#plain
      }
      current = { ...current, url }
    }
  }

  async close(): Promise<void> {
    const agents = [...this.#agents.values()].flatMap((of) => [...of.values()])
    await Promise.all(agents.map((agent) => agent.destroy()))
    this.#agents.clear()
  }
}

/**
 * Who failed is often the proxy, which the error does not name. And whoever shows no certificate where one is wanted is
 * told so by TLS 1.3 only behind the handshake, which comes out as a connection that was closed.
 */
function noted(error: NodeJS.ErrnoException, note: string): Error {
  const { message, code } = error
  const named = new Error(`${(message || code || 'broken').trim()} (${note})`, { cause: error })
  return Object.assign(named, code === undefined ? {} : { code })
}

/** Certificates are read once, when the first connection needs them: there are hundreds. */
function connectorFor(tls: TlsSettings, timeout: number): buildConnector.connector {
  const plain = buildConnector({ timeout })
  let secure: buildConnector.connector | undefined
  return (options, callback) => {
    if (options.protocol !== 'https:') return plain(options, callback)
    secure ??= buildConnector({ timeout, secureContext: secureContextOf(tls), rejectUnauthorized: !tls.unverified })
    return secure(options, callback)
  }
}

/** Trusts Node's certificates, the system's, where administrators add their own, and the configured ones. */
function secureContextOf({ ca, cert, key, unverified }: TlsSettings): SecureContext {
  return createSecureContext({
    ...(unverified ? {} : { ca: trusted(ca) }),
    ...(cert === undefined ? {} : { cert: Buffer.from(cert) }),
    ...(key === undefined ? {} : { key: Buffer.from(key) }),
  })
}

function trusted(ca: TlsSettings['ca']): string[] {
  const own = ca === undefined ? [] : [Buffer.from(ca).toString()]
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system'), ...own])]
}

function redirectTarget(from: URL, location: string): URL {
  const url = URL.parse(location, from.href)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new StackError('failed-precondition', `${redact(from)}: redirected to something that is no http URL`)
  }
  if (from.protocol === 'https:' && url.protocol === 'http:') {
    throw new StackError('failed-precondition', `${redact(from)}: redirected from https to ${redact(url)}`)
  }
  url.username = ''
  url.password = ''
  return url
}

/** Reads an answer's body to its end, up to a little, so that the connection can be used again. @internal */
export async function discard(answer: HttpAnswer): Promise<void> {
  await answer.body.dump({ limit: 64 * 1024 }).catch(() => {})
}

/** An answer's whole body; throws `resource-exhausted` as soon as it is longer than `limit` bytes. @internal */
export async function readBody(answer: HttpAnswer, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const declared = Number(answer.header('content-length') ?? 0)
  const chunks: Uint8Array[] = []
  let length = declared > limit ? declared : 0
  if (length === 0) {
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      length += chunk.byteLength
      if (length > limit) break
      chunks.push(chunk)
    }
  }
  if (length <= limit) return Buffer.concat(chunks)
  answer.body.on('error', () => {}).destroy()
  throw new StackError('resource-exhausted', `${redact(answer.url)}: answer of more than ${limit} bytes`)
}

/** For messages about content that is not what it should be: a coding that nobody asked for may be the reason. @internal */
export function encodingNote(answer: HttpAnswer): string {
  const encoding = answer.header('content-encoding')?.toLowerCase() ?? 'identity'
  return encoding === 'identity' ? '' : ` (sent with content-encoding ${JSON.stringify(encoding.slice(0, 32))})`
}

/** The first part of an answer's body, as text, for messages. @internal */
export async function readText(answer: HttpAnswer, limit = 16 * 1024): Promise<string> {
  return readBody(answer, limit).then(
    (bytes) => Buffer.from(bytes).toString('utf8'),
    () => '',
  )
}
