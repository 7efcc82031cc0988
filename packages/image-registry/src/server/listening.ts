// SPDX-License-Identifier: Apache-2.0
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import { createSecureContext } from 'node:tls'
import { messageOf, StackError } from '@teu/errors'

/** A certificate with its key, as PEM. @public */
export interface TlsInit {
  cert: string | Uint8Array
  key: string | Uint8Array
  /** Certificates of which clients have to show one that is signed by them. Default: clients show none. */
  clientCa?: string | Uint8Array
}

/** What a {@link Listener} is made of. @internal */
export interface ListenerInit {
  tls?: TlsInit | undefined
  /** A connection on which nothing moves for so long is closed. */
  idleMs: number
  connections?: number | undefined
  /** `mayWait`: the client waits to be told to send its body. */
  onRequest: (request: IncomingMessage, response: ServerResponse, mayWait: boolean) => void
}

/** Longer headers are refused with 431. Tokens, and the scopes of many mounts, take their room. */
const maximumHeader = 64 * 1024
/** From a connection, or the request before, to the last header's end. */
const headersTimeoutMs = 30_000

/** A socket that is listened on, and the connections that come of it. @internal */
export class Listener {
  readonly #server: Server
  readonly #isSecure: boolean
  /** `host:port`, as it goes in front of a repository's name. */
  address = ''

  constructor({ tls, idleMs, connections, onRequest }: ListenerInit) {
    // Without a limit on the whole request: an upload may take hours. Headers and idle connections have theirs.
    const options = {
      ...{ requestTimeout: 0, headersTimeout: Math.min(headersTimeoutMs, idleMs) },
      ...{ connectionsCheckingInterval: Math.min(5_000, idleMs), keepAliveTimeout: Math.min(65_000, idleMs) },
      maxHeaderSize: maximumHeader,
    }
    this.#isSecure = tls !== undefined
    this.#server = tls === undefined ? createHttpServer(options) : createHttpsServer({ ...options, ...checkedTls(tls) })
    this.#server.on('request', (request, response) => onRequest(request, response, false))
    this.#server.on('checkContinue', (request, response) => onRequest(request, response, true))
    this.#server.setTimeout(idleMs)
    if (connections !== undefined) this.#server.maxConnections = connections
  }

  get url(): string {
    return `${this.#isSecure ? 'https' : 'http'}://${this.address}`
  }

  /** Starts listening on `host:port`; without a host it is every address of this machine. */
  listen(text: string): Promise<void> {
    const { host, port: wanted } = parseListen(text)
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => {
        reject(new StackError('unavailable', `cannot listen on ${text}: ${error.message}`, { cause: error }))
      })
      const plain = host.replace(/^\[|\]$/g, '')
      this.#server.listen({ port: wanted, ...(plain === '' ? {} : { host: plain }) }, () => {
        const bound = this.#server.address()
        const port = typeof bound === 'object' && bound !== null ? bound.port : 0
        this.address = `${host || '127.0.0.1'}:${port}`
        resolve()
      })
    })
  }

  /** Takes another certificate for connections from now on; throws `invalid-argument`, and keeps the old one, for a wrong one. */
  reload(tls: TlsInit): void {
    if (!this.#isSecure) throw new StackError('failed-precondition', 'the registry does not serve TLS')
    const server = this.#server as HttpsServer
    server.setSecureContext(checkedTls(tls))
  }

  /** Ends all connections. */
  cut(): void {
    this.#server.closeAllConnections()
  }

  /** Ends idle connections at once, and after `graceMs` the others; resolves when all are gone. */
  close(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#server.listening) return resolve()
      const timer = setTimeout(() => this.#server.closeAllConnections(), graceMs)
      // A connection is idle after its last answer, whatever was promised before.
      const idle = setInterval(() => this.#server.closeIdleConnections(), 50)
      this.#server.close(() => {
        clearTimeout(timer)
        clearInterval(idle)
        resolve()
      })
      this.#server.closeIdleConnections()
    })
  }
}

/** Whether a `host:port` can be reached from this machine only. @internal */
export function isLoopback(listen: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(parseListen(listen).host)
}

function parseListen(text: string): { host: string; port: number } {
  const [, host, port] = /^(\[[0-9a-fA-F:]+\]|[^:[\]]*):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || port === undefined)
    throw new StackError('invalid-argument', `cannot listen on ${JSON.stringify(text)}: want host:port`)
  return { host, port: Number(port) }
}

function checkedTls({ cert, key, clientCa }: TlsInit) {
  const pem = { cert: Buffer.from(cert), key: Buffer.from(key), ...(clientCa && { ca: Buffer.from(clientCa) }) }
  try {
    // Tried alone first: a server that was given a wrong one would serve nobody.
    createSecureContext(pem)
  } catch (error) {
    throw new StackError('invalid-argument', `tls: ${messageOf(error)}`, { cause: error })
  }
  return { ...pem, ...(clientCa && { requestCert: true, rejectUnauthorized: true }) }
}
