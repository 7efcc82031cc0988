// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'

/** A request as the engine saw it. */
export interface SeenRequest {
  readonly method: string
  /** Without the version prefix. */
  readonly path: string
  readonly query: Record<string, string | string[]>
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

/** Answers one request; `hijack` takes the connection over after a 101. */
export interface FakeExchange {
  readonly request: SeenRequest
  json(value: unknown, status?: number): void
  fail(status: number, message: string): void
  empty(status?: number): void
  /** The reply itself, for streams. */
  readonly response: http.ServerResponse
  hijack(contentType: string): Duplex
}

/** A handler for `METHOD /path`; segments in braces match anything. */
export type FakeRoutes = Record<string, (exchange: FakeExchange) => void | Promise<void>>

/** A real HTTP server on a private unix socket that answers from a script and remembers what it was asked. */
export class FakeEngine implements AsyncDisposable {
  readonly requests: SeenRequest[] = []
  readonly host: string
  readonly directory: string
  readonly #server: http.Server
  readonly #sockets = new Set<Duplex>()
  #routes: FakeRoutes

  private constructor(directory: string, routes: FakeRoutes) {
    this.directory = directory
    this.host = `unix://${join(directory, 'engine.sock')}`
    this.#routes = routes
    this.#server = http.createServer((request, response) => void this.#answer(request, response))
    this.#server.on('upgrade', (request, socket, head) => {
      if (head.length > 0) socket.unshift(head)
      const response = new http.ServerResponse(request)
      response.assignSocket(socket as import('node:net').Socket)
      void this.#answer(request, response, socket)
    })
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket))
    })
  }

  static async start(routes: FakeRoutes): Promise<FakeEngine> {
    const engine = new FakeEngine(mkdtempSync(join(tmpdir(), 'teu-cli-')), routes)
    await new Promise<void>((resolve) => engine.#server.listen(join(engine.directory, 'engine.sock'), resolve))
    return engine
  }

  /** What was asked, as `METHOD /path`, without pings. */
  get calls(): string[] {
    return this.requests.filter(({ path }) => path !== '/_ping').map(({ method, path }) => `${method} ${path}`)
  }

  /** Forgets what was asked, and answers from another script if one is given. */
  reset(routes?: FakeRoutes): void {
    this.requests.length = 0
    if (routes) this.#routes = routes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
    rmSync(this.directory, { recursive: true, force: true })
  }

  async #answer(incoming: http.IncomingMessage, response: http.ServerResponse, socket?: Duplex): Promise<void> {
    const request = await readRequest(incoming, socket)
    this.requests.push(request)
    response.setHeader('Api-Version', '1.50').setHeader('Ostype', 'linux').setHeader('Server', 'Docker/28.2.2 (linux)')
    const exchange = exchangeOf(request, response, socket)
    const handler = findHandler(this.#routes, request)
    if (handler) await handler(exchange)
    else if (request.path === '/_ping') exchange.empty(200)
    else exchange.fail(404, 'page not found')
  }
}

async function readRequest(incoming: http.IncomingMessage, socket: Duplex | undefined): Promise<SeenRequest> {
  const url = new URL(incoming.url ?? '/', 'http://engine')
  const chunks: Buffer[] = []
  if (socket) chunks.push(await takeBody(socket, Number(incoming.headers['content-length'] ?? 0)))
  else for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const query: Record<string, string | string[]> = {}
  for (const name of new Set(url.searchParams.keys())) {
    const values = url.searchParams.getAll(name)
    query[name] = values.length === 1 ? (values[0] as string) : values
  }
  return {
    method: incoming.method ?? '',
    path: decodeURIComponent(url.pathname.replace(/^\/v[0-9.]+/, '')),
    query,
    headers: incoming.headers,
    body: Buffer.concat(chunks),
  }
}

/** The body of a request that asked to upgrade: Node leaves it on the socket. */
async function takeBody(socket: Duplex, length: number): Promise<Buffer> {
  const taken: Buffer[] = []
  for (let missing = length; missing > 0; ) {
    const chunk: Buffer | null = socket.read(Math.min(missing, socket.readableLength) || undefined)
    if (chunk) {
      taken.push(chunk)
      missing -= chunk.length
    } else {
      await new Promise((resolve) => socket.once('readable', resolve))
    }
  }
  return Buffer.concat(taken)
}

function exchangeOf(request: SeenRequest, response: http.ServerResponse, socket?: Duplex): FakeExchange {
  const json = (value: unknown, status = 200) => {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(value)}\n`)
  }
  return {
    request,
    response,
    json,
    fail: (status, message) => json({ message }, status),
    empty: (status = 204) => void response.writeHead(status).end(),
    hijack: (contentType) => {
      if (!socket) throw new Error('the request did not ask to upgrade')
      response.detachSocket(socket as import('node:net').Socket)
      for (const event of ['data', 'end', 'timeout']) socket.removeAllListeners(event)
      const head = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n'
      socket.write(`${head}Content-Type: ${contentType}\r\n\r\n`)
      return socket
    },
  }
}

function findHandler(routes: FakeRoutes, { method, path }: SeenRequest): FakeRoutes[string] | undefined {
  const match = Object.keys(routes).find((route) => {
    const [verb, pattern] = route.split(' ') as [string, string]
    const source = pattern.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[a-z]+\}/g, '.+')
    return verb === method && new RegExp(`^${source}$`).test(path)
  })
  return match === undefined ? undefined : routes[match]
}

/** One frame of a multiplexed stream: 1 is stdout, 2 is stderr. */
export function frame(stream: 1 | 2 | 3, text: string): Buffer {
  const payload = Buffer.from(text)
  const header = Buffer.alloc(8)
  header.writeUInt8(stream, 0)
  header.writeUInt32BE(payload.length, 4)
  return Buffer.concat([header, payload])
}
