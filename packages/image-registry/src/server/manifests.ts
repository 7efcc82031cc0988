// SPDX-License-Identifier: Apache-2.0
import { manifestPath, tagsPath } from '@teu/oci-spec/distribution'
import {
  type Digest,
  digestAlgorithm,
  digestOf,
  isIndexType,
  isManifestType,
  isSchema1Type,
  maximumManifestSize,
  type ParsedManifest,
  parseManifest,
} from '@teu/oci-spec/image'
import type { StorageDriver } from '../storage/driver.ts'
import { readLink, writeLink } from '../storage/links.ts'
import { tree } from '../storage/tree.ts'
import type { Blobs } from './blobs.ts'
import { type Exchange, readWhole } from './exchange.ts'
import { Failure } from './failure.ts'
import { pageOf } from './pages.ts'
import type { Referrers } from './referrers.ts'
import type { ManifestReference } from './router.ts'

/** How many manifests' media types are remembered. A digest's type never changes. */
const maximumRemembered = 10_000

/** Manifests and tags of repositories. @internal */
export class Manifests {
  readonly #driver: StorageDriver
  readonly #blobs: Blobs
  readonly #referrers: Referrers
  readonly #types = new Map<Digest, string>()

  constructor(driver: StorageDriver, blobs: Blobs, referrers: Referrers) {
    this.#driver = driver
    this.#blobs = blobs
    this.#referrers = referrers
  }

  async get(name: string, reference: ManifestReference, exchange: Exchange): Promise<void> {
    const digest = await this.#find(name, reference)
    const etag = `"${digest}"`
    if (exchange.header('if-none-match')?.includes(digest)) {
      return exchange.answer(304, { etag, 'docker-content-digest': digest })
    }
    const body = await this.#driver.read(tree.blob(digest))
    const type = this.#typeOf(digest, body)
    if (!accepts(exchange.header('accept'), type)) {
      throw new Failure('MANIFEST_UNKNOWN', `the manifest is of type ${type}, which the request does not accept`)
    }
    exchange.answer(200, { 'content-type': type, 'docker-content-digest': digest, etag }, body)
  }

  async put(name: string, reference: ManifestReference, exchange: Exchange): Promise<void> {
    const body = await readWhole(exchange, maximumManifestSize)
    const parsed = parseManifest(body, announcedType(exchange))
    refuseGuessed(exchange, parsed)
    const wanted = 'digest' in reference ? reference.digest : undefined
    const digest = digestOf(body, wanted === undefined ? 'sha256' : digestAlgorithm(wanted))
    if (wanted !== undefined && wanted !== digest) throw new Failure('DIGEST_INVALID', `content has digest ${digest}`)
    const subject = subjectOf(parsed)
    await this.#blobs.keeping(async () => {
      await this.#checkReferences(name, parsed)
      this.#blobs.touch(digest)
      await this.#driver.write(tree.blob(digest), body)
      await writeLink(this.#driver, tree.revision(name, digest), digest)
      if (subject !== undefined) await this.#referrers.add(name, subject, digest)
      if ('tag' in reference) await this.#setTag(name, reference.tag, digest)
    })
    const target = 'tag' in reference ? reference.tag : digest
    exchange.answer(201, {
      location: manifestPath(name, target),
      'docker-content-digest': digest,
      ...(subject === undefined ? {} : { 'oci-subject': subject }),
    })
  }

  /** Removes a tag; or a manifest, with all the tags that name it. */
  async remove(name: string, reference: ManifestReference, exchange: Exchange): Promise<void> {
    const digest = await this.#find(name, reference)
    if ('tag' in reference) {
      await this.#driver.remove(tree.tag(name, reference.tag))
      return exchange.answer(202)
    }
    const body = await this.#driver.read(tree.blob(digest))
    const subject = subjectOf(parseManifest(body))
    for (const tag of await this.#driver.list(tree.tags(name))) {
      if ((await this.#tagged(name, tag)) === digest) await this.#driver.remove(tree.tag(name, tag))
    }
    if (subject !== undefined) await this.#referrers.remove(name, subject, digest)
    await this.#driver.remove(tree.revision(name, digest))
    exchange.answer(202)
  }

  async listTags(name: string, exchange: Exchange): Promise<void> {
    const tags = (await this.#driver.list(tree.tags(name))).sort()
    if (tags.length === 0 && (await this.#driver.list(tree.repository(name))).length === 0) {
      throw new Failure('NAME_UNKNOWN', { name })
    }
    const { names, link } = pageOf(tags, exchange.query, tagsPath(name))
    exchange.answer(
      200,
      { 'content-type': 'application/json', ...(link && { link }) },
      JSON.stringify({ name, tags: names }),
    )
  }

  async #find(name: string, reference: ManifestReference): Promise<Digest> {
    const digest = 'tag' in reference ? await this.#tagged(name, reference.tag) : reference.digest
    const known = digest !== undefined && (await readLink(this.#driver, tree.revision(name, digest))) === digest
    if (known) return digest
    throw new Failure(
      'MANIFEST_UNKNOWN',
      'tag' in reference ? { Tag: reference.tag } : { Name: name, Revision: reference.digest },
    )
  }

  #tagged(name: string, tag: string): Promise<Digest | undefined> {
    return readLink(this.#driver, `${tree.tag(name, tag)}/current`)
  }

  async #setTag(name: string, tag: string, digest: Digest): Promise<void> {
    const place = tree.tag(name, tag)
    // Docker's registry keeps every digest that a tag ever had, and removes them with the tag.
    await writeLink(this.#driver, `${place}/index/${digest.replace(':', '/')}`, digest)
    await writeLink(this.#driver, `${place}/current`, digest)
  }

  #typeOf(digest: Digest, body: Uint8Array): string {
    const known = this.#types.get(digest)
    if (known !== undefined) return known
    const { mediaType } = parseManifest(body)
    if (this.#types.size >= maximumRemembered) this.#types.clear()
    this.#types.set(digest, mediaType)
    return mediaType
  }

  /** A manifest may be stored only when all it points at is. */
  async #checkReferences(name: string, parsed: ParsedManifest): Promise<void> {
    const { index, manifest } = parsed.kind === 'index' ? { index: parsed.index } : { manifest: parsed.manifest }
    for (const entry of index?.manifests ?? []) {
      const linked = (await readLink(this.#driver, tree.revision(name, entry.digest))) === entry.digest
      if (!linked && (await this.#blobs.stat(name, entry.digest)) === undefined) throw missing(entry.digest)
    }
    for (const blob of manifest === undefined ? [] : [manifest.config, ...manifest.layers]) {
      // Whoever pulls would fetch them from a place that this registry knows nothing of.
      if ((blob.urls ?? []).length > 0) throw new Failure('MANIFEST_INVALID', `${blob.digest}: urls are not accepted`)
      const found = await this.#blobs.stat(name, blob.digest)
      if (found === undefined) throw missing(blob.digest)
      if (found.size !== blob.size)
        throw new Failure('MANIFEST_INVALID', `${blob.digest}: has ${found.size} bytes, not ${blob.size}`)
    }
  }
}

function missing(digest: Digest): Failure {
  return new Failure('MANIFEST_BLOB_UNKNOWN', digest)
}

function subjectOf(parsed: ParsedManifest): Digest | undefined {
  return (parsed.kind === 'index' ? parsed.index : parsed.manifest).subject?.digest
}

/** Content types that say nothing. */
const unspecific = ['', 'application/json', 'application/octet-stream']

function announcedType({ header }: Exchange): string | undefined {
  const type = (header('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (unspecific.includes(type)) return undefined
  if (isIndexType(type) || isManifestType(type) || isSchema1Type(type)) return type
  throw new Failure('MANIFEST_INVALID', `unsupported manifest media type ${JSON.stringify(type.slice(0, 128))}`)
}

/** Only the bytes are stored, so a type that they do not show would be lost. */
function refuseGuessed(exchange: Exchange, parsed: ParsedManifest): void {
  const own = (parsed.kind === 'index' ? parsed.index : parsed.manifest).mediaType
  if (own !== undefined && own !== '') return
  if (announcedType(exchange)?.includes('docker')) throw new Failure('MANIFEST_INVALID', 'mediaType: is missing')
}

/** Whether a request's `Accept` takes a type. One without the header takes all. */
function accepts(header: string | undefined, type: string): boolean {
  if (header === undefined || header.trim() === '') return true
  return header.split(',').some((entry) => {
    const accepted = entry.split(';', 1)[0]?.trim().toLowerCase()
    return accepted === type || accepted === '*/*' || accepted === 'application/*' || accepted === 'application/json'
  })
}
