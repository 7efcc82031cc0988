// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'

/** A reply as the suite looks at it: bytes and headers, undigested. */
export interface RawReply {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface RequestOptions {
  headers?: Record<string, string>
  body?: string | Uint8Array
}

/** A registry, spoken to in plain HTTP so that no client of ours can hide a mistake of its own. */
export class RegistryContext {
  readonly #base: URL
  /** A repository that the run may write to. */
  readonly repository: string

  constructor(url: string, repository = `conformance/r${randomBytes(4).toString('hex')}`) {
    this.#base = new URL(url)
    this.repository = repository
  }

  /** One request. `path` may be a location that the registry answered: absolute or relative. */
  request(method: string, path: string, { headers = {}, body }: RequestOptions = {}): Promise<RawReply> {
    const url = new URL(path, this.#base)
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    return new Promise((resolve, reject) => {
      const outgoing = send(url, { method, headers: { ...length, ...headers }, agent: false }, (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) }),
        )
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }

  /** A path in the run's repository. */
  path(rest: string): string {
    return `/v2/${this.repository}/${rest}`
  }

  /** Opens an upload session; its location. */
  async openUpload(): Promise<string> {
    const reply = await this.request('POST', this.path('blobs/uploads/'))
    assert.equal(reply.status, 202, 'opening an upload')
    assert.ok(reply.headers.location, 'an upload has a location')
    return reply.headers.location
  }

  /** Uploads a blob in one piece; its digest. */
  async pushBlob(content: string | Uint8Array): Promise<string> {
    const digest = digestOf(content)
    const reply = await this.request('PUT', withDigest(await this.openUpload(), digest), {
      headers: { 'content-type': 'application/octet-stream' },
      body: content,
    })
    assert.equal(reply.status, 201, 'closing an upload')
    return digest
  }

  /** Pushes an image of one config and one layer under a tag. */
  async pushImage(tag: string): Promise<{ digest: string; body: string }> {
    const config = JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } })
    const layer = randomBytes(100)
    const descriptors = [await this.pushBlob(config), await this.pushBlob(layer)]
    const body = JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: descriptors[0], size: config.length },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: descriptors[1], size: layer.length }],
    })
    const reply = await this.request('PUT', this.path(`manifests/${tag}`), {
      headers: { 'content-type': manifestType },
      body,
    })
    assert.equal(reply.status, 201, `pushing a manifest: ${reply.body}`)
    return { digest: digestOf(body), body }
  }
}

export const manifestType = 'application/vnd.oci.image.manifest.v1+json'

export function digestOf(content: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

/** A location with the closing digest; query parameters that it has already stay. */
export function withDigest(location: string, digest: string): string {
  return `${location}${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`
}

/** Demands the registry's error form with a code. */
export function assertError(reply: RawReply, status: number | readonly number[], code: string | RegExp): void {
  const statuses = typeof status === 'number' ? [status] : status
  assert.ok(statuses.includes(reply.status), `status ${reply.status}, not ${statuses.join(' or ')}: ${reply.body}`)
  const { errors } = JSON.parse(reply.body.toString()) as { errors: { code: string; message: string }[] }
  assert.ok(Array.isArray(errors) && errors.length > 0, 'a list of errors')
  assert.match(errors[0]?.code ?? '', typeof code === 'string' ? new RegExp(`^${code}$`) : code)
}
