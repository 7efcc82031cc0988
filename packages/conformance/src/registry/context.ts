// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { configOf, type Descriptor, manifestOf, manifestType } from './content.ts'
import { digestOf, type RawReply, type RequestOptions, send, withDigest } from './wire.ts'

/** How a {@link RegistryContext} is set up. @public */
export interface RegistryContextInit {
  /** A repository that the run may write to. Default: a new one below `conformance/`. */
  repository?: string
  /** `NAME:TAG` of an image that is there, for a registry that cannot be pushed to. Default: one is pushed. */
  image?: string
  /**
   * Ends the registry and starts it anew on what it stored, with the referrers API; before, it may have run without.
   * Answers the URL that it has from then on. With it `restart` can be claimed.
   */
  restart?: () => Promise<string>
}

/** An image that is in the registry. */
export interface StoredImage {
  repository: string
  tag: string
  digest: string
  body: Buffer
  type: string
  layer: Descriptor
}

/** A registry, spoken to in plain HTTP so that no client of ours can hide a mistake of its own. @public */
export class RegistryContext {
  #base: URL
  readonly #image: string | undefined
  readonly #restart: RegistryContextInit['restart']
  #stored: Promise<StoredImage> | undefined
  #fresh = 0
  /** A repository that the run may write to. */
  readonly repository: string
  /** Every `Warning` header that came with a reply. @internal */
  readonly warnings: string[] = []

  constructor(url: string, { repository, image, restart }: RegistryContextInit = {}) {
    this.#base = new URL(url)
    this.#image = image
    this.#restart = restart
    this.repository = repository ?? `conformance/r${randomBytes(4).toString('hex')}`
  }

  /** One request. `path` may be a location that the registry answered: absolute or relative. @internal */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<RawReply> {
    const reply = await send(method, new URL(path, this.#base), options)
    if (reply.headers['warning'] !== undefined) this.warnings.push(String(reply.headers['warning']))
    return reply
  }

  /** Starts the registry anew; a case that needs it requires `restart`. @internal */
  async restart(): Promise<void> {
    assert.ok(this.#restart, 'restart was claimed, and there is no way to')
    this.#base = new URL(await this.#restart())
  }

  /** A path in the run's repository. @internal */
  path(rest: string, repository = this.repository): string {
    return `/v2/${repository}/${rest}`
  }

  /** The name of a repository that nothing was pushed to. @internal */
  fresh(): string {
    return `${this.repository}/f${++this.#fresh}`
  }

  /** An image to pull: the one that the run was told of, or one that it pushes. @internal */
  image(): Promise<StoredImage> {
    this.#stored ??= this.#image === undefined ? this.pushImage('pulled') : this.#find(this.#image)
    return this.#stored
  }

  async #find(name: string): Promise<StoredImage> {
    const colon = name.lastIndexOf(':')
    const [repository, tag] = [name.slice(0, colon), name.slice(colon + 1)]
    const { status, headers, body } = await this.request('GET', this.path(`manifests/${tag}`, repository))
    assert.equal(status, 200, `${name}: ${body}`)
    const layer = (JSON.parse(body.toString()) as { layers: Descriptor[] }).layers[0]
    assert.ok(layer, `${name} has no layer`)
    return { repository, tag, digest: digestOf(body), body, type: String(headers['content-type']), layer }
  }

  /** Opens an upload session; its location. @internal */
  async openUpload(repository = this.repository): Promise<string> {
    const headers = { 'content-length': '0' }
    const reply = await this.request('POST', this.path('blobs/uploads/', repository), { headers })
    assert.equal(reply.status, 202, `opening an upload: ${reply.body}`)
    assert.ok(reply.headers.location, 'an upload has a location')
    return reply.headers.location
  }

  /** Uploads a blob in one piece; its digest. @internal */
  async pushBlob(
    content: string | Uint8Array,
    repository = this.repository,
    digest = digestOf(content),
  ): Promise<string> {
    const headers = { 'content-type': 'application/octet-stream' }
    const location = withDigest(await this.openUpload(repository), digest)
    const reply = await this.request('PUT', location, { headers, body: content })
    assert.equal(reply.status, 201, `closing an upload: ${reply.body}`)
    return digest
  }

  /** @internal */
  putManifest(
    reference: string,
    body: string | Uint8Array,
    { repository = this.repository, type = manifestType }: { repository?: string; type?: string } = {},
  ): Promise<RawReply> {
    const headers = { 'content-type': type }
    return this.request('PUT', this.path(`manifests/${reference}`, repository), { headers, body })
  }

  /** Pushes an image of one config and one layer, or with other fields. @internal */
  async pushImage(
    tag: string,
    { repository = this.repository, fields = {} }: { repository?: string; fields?: object } = {},
  ): Promise<StoredImage> {
    const [config, layer] = [configOf(), randomBytes(100)]
    for (const blob of [config, layer]) await this.pushBlob(blob, repository)
    const body = manifestOf({ config, layers: [layer] }, fields)
    const reply = await this.putManifest(tag, body, { repository })
    assert.equal(reply.status, 201, `pushing a manifest: ${reply.body}`)
    const digest = digestOf(body)
    const described = { mediaType: '', digest: digestOf(layer), size: layer.byteLength }
    return { repository, tag, digest, body: Buffer.from(body), type: manifestType, layer: described }
  }
}
