// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, RequestOptions } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import { StackError } from '@teu/errors'
import { compareApiVersions, currentApiVersion } from '../api-version.ts'
import { decodeError, maximumErrorBody } from '../errors.ts'
import { buildTarget, type PathParameters } from '../path.ts'
import type { Route } from '../route.ts'
import { type Address, parseHost } from './host.ts'

/** Certificates of a TLS connection, PEM. @public */
export interface EngineTls {
  ca?: string | Uint8Array
  cert?: string | Uint8Array
  key?: string | Uint8Array
  /** Whether the server's certificate must be signed by `ca` and name the host. Default true. */
  verify?: boolean
}

/** How to reach an engine. @public */
export interface EngineClientOptions {
  /** `unix:///path` or `tcp://host:port`. */
  host: string
  /** A fixed API version; without it the first call negotiates. */
  apiVersion?: string | undefined
  /** Sent with every request. */
  headers?: Readonly<Record<string, string>> | undefined
  tls?: EngineTls | undefined
  /** How long connecting may take, in milliseconds. Default 30,000. */
  connectTimeoutMs?: number | undefined
}

/** What any call takes beside its own options. Aborting `signal` ends it with `cancelled`. @public */
export interface CallOptions {
  signal?: AbortSignal | undefined
}

/** A request of one route. @internal */
export interface CallRequest extends CallOptions {
  path?: PathParameters
  query?: Readonly<Record<string, string | readonly string[] | undefined>>
  headers?: Readonly<Record<string, string>>
  /** A value to send as JSON, or bytes. */
  body?: unknown
  stream?: AsyncIterable<Uint8Array> | Readable
  /** A parameter that only servers of this version or newer know. */
  needs?: { version: string; parameter: string } | undefined
}

/** A connection taken over from HTTP: bytes in both directions. @public */
export interface HijackedConnection {
  /** The raw connection. Writing sends stdin; reading yields output, in frames when `contentType` says so. */
  readonly stream: Duplex
  readonly contentType: string
  /** Ends stdin while output goes on. */
  closeWrite(): void
  close(): void
}

/** One engine as the calls see it. @internal */
export interface Transport {
  readonly host: string
  /** The version that requests are made in. */
  apiVersion: string | undefined
  /** Called once before the first versioned request when no version is fixed. */
  negotiate: (() => Promise<void>) | undefined
  call(route: Route, request?: CallRequest): Promise<IncomingMessage>
  json<T>(route: Route, request?: CallRequest): Promise<T>
  done(route: Route, request?: CallRequest): Promise<void>
  hijack(route: Route, request?: CallRequest): Promise<HijackedConnection>
  close(): void
}

/** Opens nothing yet; connections are made per request and kept alive. @internal */
export function createTransport(options: EngineClientOptions): Transport {
  // Loaded this way because the ES module of node:http costs as much again as Node's own start.
  const http = process.getBuiltinModule('node:http')
  const https = options.tls ? process.getBuiltinModule('node:https') : undefined
  const address = parseHost(options.host, options.tls !== undefined)
  const agent = https
    ? new https.Agent({ keepAlive: true, timeout: 0 })
    : new http.Agent({ keepAlive: true, timeout: 0 })

  const send = async (route: Route, request: CallRequest, upgrade: boolean) => {
    if (transport.negotiate && !route.path.startsWith('/_ping')) {
      const negotiate = transport.negotiate
      await negotiate()
    }
    requireVersion(transport.apiVersion ?? currentApiVersion, request.needs)
    const init = requestOptions(address, options, transport.apiVersion, route, request, upgrade)
    const outgoing = https
      ? https.request({ ...init, ...tlsOptions(options.tls), agent: upgrade ? false : agent })
      : http.request({ ...init, agent: upgrade ? false : agent })
    return outgoing
  }

  const transport: Transport = {
    host: options.host,
    apiVersion: options.apiVersion,
    negotiate: undefined,
    call: async (route, request = {}) => {
      const outgoing = await send(route, request, false)
      const response = await exchange(outgoing, request, options)
      if ((response.statusCode ?? 500) >= 400) throw await errorOf(response)
      return response
    },
    json: async <T>(route: Route, request: CallRequest = {}) => {
      const response = await transport.call(route, request)
      return JSON.parse(await textOf(response)) as T
    },
    done: async (route, request = {}) => {
      const response = await transport.call(route, request)
      response.resume()
    },
    hijack: async (route, request = {}) => {
      const outgoing = await send(route, request, true)
      return upgraded(outgoing, request, options)
    },
    close: () => agent.destroy(),
  }
  return transport
}

/** An older server would pass over the parameter, and do to another thing what was meant for this one. */
function requireVersion(version: string, needs: CallRequest['needs']): void {
  if (needs === undefined || compareApiVersions(version, needs.version) >= 0) return
  throw new StackError(
    'failed-precondition',
    `"${needs.parameter}" requires API version ${needs.version}, but the Docker daemon API version is ${version}`,
  )
}

function requestOptions(
  address: Address,
  options: EngineClientOptions,
  version: string | undefined,
  route: Route,
  request: CallRequest,
  upgrade: boolean,
): RequestOptions {
  const target = buildTarget(route, request.path, request.query)
  const prefix = route.path.startsWith('/_ping') ? '' : `/v${version ?? currentApiVersion}`
  const base = address.kind === 'tcp' ? address.basePath : ''
  const headers: Record<string, string> = { host: address.hostHeader, ...options.headers, ...request.headers }
  if (request.body !== undefined) headers['content-type'] ??= 'application/json'
  if (request.stream !== undefined) headers['content-type'] ??= 'application/x-tar'
  if (upgrade) Object.assign(headers, { connection: 'Upgrade', upgrade: 'tcp' })
  return {
    method: route.method,
    path: `${base}${prefix}${target}`,
    headers,
    ...(address.kind === 'unix' ? { socketPath: address.path } : { host: address.host, port: address.port }),
    ...(request.signal ? { signal: request.signal } : {}),
  }
}

function tlsOptions(tls: EngineTls | undefined): object {
  if (!tls) return {}
  const pem = (value: string | Uint8Array | undefined) => (value === undefined ? undefined : Buffer.from(value))
  return { ca: pem(tls.ca), cert: pem(tls.cert), key: pem(tls.key), rejectUnauthorized: tls.verify ?? true }
}

type Outgoing = import('node:http').ClientRequest

async function exchange(
  outgoing: Outgoing,
  request: CallRequest,
  options: EngineClientOptions,
): Promise<IncomingMessage> {
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve)
    outgoing.once('error', (error) => reject(connectionError(error, options.host)))
    limitConnecting(outgoing, options, reject)
  })
  await Promise.race([response, writeBody(outgoing, request)])
  return response
}

/** Sends the body with back-pressure; a server that answers before it has read everything ends the sending. */
async function writeBody(outgoing: Outgoing, request: CallRequest): Promise<void> {
  if (request.stream === undefined) {
    const text = request.body === undefined ? undefined : JSON.stringify(request.body)
    if (text !== undefined) outgoing.setHeader('content-length', Buffer.byteLength(text))
    else if (request.stream === undefined && outgoing.method !== 'GET' && outgoing.method !== 'HEAD') {
      outgoing.setHeader('content-length', 0)
    }
    outgoing.end(text)
    return
  }
  try {
    for await (const chunk of request.stream as AsyncIterable<Uint8Array>) {
      if (outgoing.destroyed || outgoing.writableEnded) return
      if (!outgoing.write(chunk)) await drained(outgoing)
    }
  } catch (error) {
    outgoing.destroy(error as Error)
    throw error
  }
  outgoing.end()
}

function drained(outgoing: Outgoing): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off('drain', done).off('close', done).off('response', done)
      resolve()
    }
    outgoing.once('drain', done).once('close', done).once('response', done)
  })
}

function upgraded(outgoing: Outgoing, request: CallRequest, options: EngineClientOptions): Promise<HijackedConnection> {
  return new Promise((resolve, reject) => {
    outgoing.once('upgrade', (response, socket, head) => {
      if (head.length > 0) socket.unshift(head)
      resolve(hijacked(socket, response.headers['content-type'] ?? ''))
    })
    outgoing.once('response', (response) => {
      errorOf(response).then(reject, reject)
    })
    outgoing.once('error', (error) => reject(connectionError(error, options.host)))
    limitConnecting(outgoing, options, reject)
    writeBody(outgoing, request).catch(reject)
  })
}

function hijacked(socket: Duplex, contentType: string): HijackedConnection {
  // An error of the connection ends reading; without a listener it would end the program.
  socket.on('error', () => {})
  return { stream: socket, contentType, closeWrite: () => void socket.end(), close: () => void socket.destroy() }
}

function limitConnecting(outgoing: Outgoing, options: EngineClientOptions, reject: (error: Error) => void): void {
  const limit = options.connectTimeoutMs ?? 30_000
  outgoing.once('socket', (socket) => {
    if (!socket.connecting) return
    const timer = setTimeout(() => {
      const error = new StackError('deadline-exceeded', `connecting to ${options.host} took over ${limit} ms`)
      reject(error)
      outgoing.destroy(error)
    }, limit)
    socket.once('connect', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
  })
}

/** Turns a failed connection into the text that users of the original know. */
function connectionError(error: Error, host: string): Error {
  const { code, name } = error as { code?: string; name: string }
  if (name === 'AbortError' || name === 'TimeoutError' || name === 'StackError') return error
  if (code === 'EACCES' || code === 'EPERM') {
    const message = `permission denied while trying to connect to the Docker daemon socket at ${host}`
    return new StackError('permission-denied', message, { cause: error })
  }
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTSOCK') {
    const message = `Cannot connect to the Docker daemon at ${host}. Is the docker daemon running?`
    return new StackError('unavailable', message, { cause: error })
  }
  return new StackError('unavailable', `error during connect to ${host}: ${error.message}`, { cause: error })
}

async function errorOf(response: IncomingMessage): Promise<StackError> {
  const text = await textOf(response, maximumErrorBody)
  return decodeError(response.statusCode ?? 500, response.headers['content-type'], text)
}

/** The whole body as text, up to `limit` bytes; what is over is dropped. */
async function textOf(response: IncomingMessage, limit = Number.POSITIVE_INFINITY): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > limit) break
  }
  return Buffer.concat(chunks).toString('utf8')
}
