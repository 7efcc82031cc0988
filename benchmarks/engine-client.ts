// SPDX-License-Identifier: Apache-2.0
import { request } from 'node:http'

/** The Engine API on a socket, as a benchmark wants it: no client library that could favour one side. */
export class RawEngine {
  readonly #socket: string

  constructor(socket: string) {
    this.#socket = socket
  }

  call(method: string, path: string, body?: unknown): Promise<unknown> {
    const payload = body === undefined ? undefined : JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const headers = payload
        ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }
        : {}
      const outgoing = request({ socketPath: this.#socket, method, path: `/v1.41${path}`, headers }, (incoming) => {
        let text = ''
        incoming.setEncoding('utf8')
        incoming.on('data', (chunk: string) => {
          text += chunk
        })
        incoming.on('error', reject)
        incoming.on('end', () => {
          if ((incoming.statusCode ?? 500) >= 400)
            reject(new Error(`${method} ${path}: ${incoming.statusCode} ${text}`))
          else resolve(parse(text))
        })
      })
      outgoing.on('error', reject)
      outgoing.end(payload)
    })
  }

  /** Pulls the newest of an image. A pull that fails after it began says so in its last line only. */
  async pull(image: string): Promise<void> {
    const last = await this.call('POST', `/images/create?fromImage=${image}&tag=latest`)
    const { error } = last as { error?: string }
    if (error !== undefined) throw new Error(`pull of ${image}: ${error}`)
  }

  async create(image: string, command: readonly string[], host: Record<string, unknown> = {}): Promise<string> {
    const body = { Image: image, Cmd: command, HostConfig: { NetworkMode: 'none', ...host } }
    return ((await this.call('POST', '/containers/create', body)) as { Id: string }).Id
  }

  /** One container from create to remove. */
  async lifecycle(image: string, host: Record<string, unknown> = {}): Promise<void> {
    const id = await this.create(image, ['true'], host)
    await this.call('POST', `/containers/${id}/start`)
    await this.call('POST', `/containers/${id}/wait`)
    await this.call('DELETE', `/containers/${id}`)
  }

  /** One exec in a running container, waited for by polling its state as clients do. */
  async exec(container: string): Promise<void> {
    const { Id } = (await this.call('POST', `/containers/${container}/exec`, {
      Cmd: ['true'],
      AttachStdout: true,
    })) as { Id: string }
    await this.call('POST', `/exec/${Id}/start`, { Detach: false, Tty: false })
    await this.call('GET', `/exec/${Id}/json`)
  }
}

/** The last JSON value of a body; progress streams have one a line. */
function parse(text: string): unknown {
  if (text === '' || !/^[[{]/.test(text)) return text
  const lines = text.trim().split('\n')
  return JSON.parse(lines.length > 1 && text.startsWith('{"status') ? (lines.at(-1) as string) : text)
}
