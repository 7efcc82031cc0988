// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type IncomingHttpHeaders, type RequestOptions as NodeRequestOptions, request } from 'node:http'
import { connect, type Socket } from 'node:net'

export interface EngineReply {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

/** How an engine is put under test. @public */
export interface EngineContextInit {
  /** `unix:///path` or `tcp://host:port`. */
  host: string
  /** An image that is on the engine already and has `sh`. */
  image: string
  /** The API version to speak; 1.41 by default. */
  apiVersion?: string
}

/** An engine, spoken to in plain HTTP over fresh connections. */
export class EngineContext {
  readonly #host: URL
  readonly image: string
  readonly apiVersion: string
  /** In every name that the run makes. */
  readonly prefix = `conformance-${randomBytes(4).toString('hex')}`

  constructor({ host, image, apiVersion = '1.41' }: EngineContextInit) {
    this.#host = new URL(host)
    this.image = image
    this.apiVersion = apiVersion
  }

  get #endpoint(): NodeRequestOptions {
    return this.#host.protocol === 'unix:'
      ? { socketPath: this.#host.pathname }
      : { host: this.#host.hostname, port: this.#host.port }
  }

  /** One request on the exact path given. */
  raw(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<EngineReply> {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const options = { ...this.#endpoint, method, path, headers: { ...length, ...headers }, agent: false }
    return new Promise((resolve, reject) => {
      const outgoing = request(options, (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString('latin1')
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text })
        })
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }

  /** One request at the run's API version, with a JSON body if any. */
  call(method: string, path: string, body?: unknown): Promise<EngineReply> {
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
    return this.raw(
      method,
      `/v${this.apiVersion}${path}`,
      body === undefined ? undefined : JSON.stringify(body),
      headers,
    )
  }

  /** A call that must answer with `status`; its JSON. */
  async expect(status: number, method: string, path: string, body?: unknown) {
    const reply = await this.call(method, path, body)
    assert.equal(reply.status, status, `${method} ${path}: ${reply.status} ${reply.text}`)
    return reply.text === '' ? undefined : JSON.parse(reply.text)
  }

  /** Creates a container without network; its id. */
  async create(command: readonly string[], config: Record<string, unknown> = {}, name?: string): Promise<string> {
    const body = { Image: this.image, Cmd: command, HostConfig: { NetworkMode: 'none' }, ...config }
    const { Id } = await this.expect(201, 'POST', `/containers/create${name ? `?name=${name}` : ''}`, body)
    return Id
  }

  /** Runs `use` with a container that is removed in the end, whatever happened. */
  async withContainer(command: readonly string[], config: Record<string, unknown>, use: (id: string) => Promise<void>) {
    const id = await this.create(command, config)
    try {
      await use(id)
    } finally {
      await this.call('DELETE', `/containers/${id}?force=1`)
    }
  }

  /** A connection on which a request was written by hand, for what comes after an upgrade. */
  open(method: string, path: string, headers: Record<string, string> = {}, body = ''): Socket {
    const { socketPath, host, port } = this.#endpoint
    const socket = socketPath
      ? connect({ path: socketPath, allowHalfOpen: true })
      : connect({ host: host ?? '', port: Number(port), allowHalfOpen: true })
    const lines = Object.entries({ host: 'engine', 'content-length': String(body.length), ...headers })
    socket.write(
      `${method} /v${this.apiVersion}${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
    )
    return socket
  }
}

/** Reads a socket to its end: the head of the reply, and the bytes that follow it. */
export async function readUpgraded(socket: Socket): Promise<{ head: string; rest: Buffer }> {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  const all = Buffer.concat(chunks)
  const end = all.indexOf('\r\n\r\n')
  return { head: all.subarray(0, end).toString(), rest: all.subarray(end + 4) }
}

/** Splits a multiplexed stream: what each of stdout and stderr carried. */
export function demultiplex(bytes: Buffer): { stdout: string; stderr: string } {
  const texts = { 1: '', 2: '' } as Record<number, string>
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at + 4)
    const stream = bytes[at] ?? 0
    assert.ok(stream === 1 || stream === 2, `stream ${stream}`)
    texts[stream] += bytes.subarray(at + 8, at + 8 + length).toString()
    at += 8 + length
  }
  return { stdout: texts[1] ?? '', stderr: texts[2] ?? '' }
}

/** Demands the engine's error form. */
export function assertMessage(reply: EngineReply, status: number, message: string | RegExp): void {
  assert.equal(reply.status, status, reply.text)
  assert.equal(reply.headers['content-type'], 'application/json')
  const { message: text } = JSON.parse(reply.text) as { message: string }
  if (typeof message === 'string') assert.equal(text, message)
  else assert.match(text, message)
}
