// SPDX-License-Identifier: Apache-2.0
import { hasCode } from '@teu/errors'
import { isTag, manifestPath, tagsPath } from '@teu/oci-spec/distribution'
import {
  digestAlgorithm,
  digestOf,
  isIndexType,
  isManifestType,
  isSchema1Type,
  maximumManifestSize,
  type ParsedManifest,
  parseManifest,
} from '@teu/oci-spec/image'
import { factsOf } from '../references/manifest-facts.ts'
import type { ManifestRow } from '../references/manifest-table.ts'
import { checkReferences } from '../store/check-references.ts'
import type { ManifestReference } from '../store/manifest-store.ts'
import type { Store } from '../store/store.ts'
import { type Exchange, readWhole } from './exchange.ts'
import { Failure } from './failure.ts'
import { pageOf, pageRequestOf } from './pages.ts'

/** How many names a manifest can be given with one request. */
const maximumTags = 100

/** Manifests and tags of repositories, as the protocol speaks of them. @internal */
export class Manifests {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  async get(name: string, reference: ManifestReference, exchange: Exchange): Promise<void> {
    const { digest, mediaType } = await this.#find(name, reference)
    const etag = `"${digest}"`
    if (exchange.header('if-none-match')?.includes(digest)) {
      return exchange.answer(304, { etag, 'docker-content-digest': digest })
    }
    if (!accepts(exchange.header('accept'), mediaType)) {
      throw new Failure('MANIFEST_UNKNOWN', `the manifest is of type ${mediaType}, which the request does not accept`)
    }
    const body = await this.#store.manifests.read(digest).catch((error: unknown) => {
      throw hasCode(error, 'not-found') ? unknown(name, reference) : error
    })
    exchange.answer(200, { 'content-type': mediaType, 'docker-content-digest': digest, etag }, body)
  }

  async put(name: string, reference: ManifestReference, exchange: Exchange): Promise<void> {
    const bytes = await readWhole(exchange, maximumManifestSize)
    const parsed = parseManifest(bytes, announcedType(exchange))
    refuseGuessed(exchange, parsed)
    const wanted = 'digest' in reference ? reference.digest : undefined
    const digest = digestOf(bytes, wanted === undefined ? 'sha256' : digestAlgorithm(wanted))
    if (wanted !== undefined && wanted !== digest) throw new Failure('DIGEST_INVALID', `content has digest ${digest}`)
    const tags = 'tag' in reference ? [reference.tag] : moreTags(exchange.query)
    const facts = factsOf(parsed)
    const { context, blobs, manifests } = this.#store
    const check = async () => exchange.isSparse || checkReferences(context, blobs, name, parsed)
    await manifests.put(name, { bytes, digest, facts, tags }, async () => void (await check()))
    exchange.answer(201, {
      location: manifestPath(name, 'tag' in reference ? reference.tag : digest),
      'docker-content-digest': digest,
      ...(facts.subject === undefined ? {} : { 'oci-subject': facts.subject }),
      ...(wanted === undefined || tags.length === 0 ? {} : { 'oci-tag': tags.join(', ') }),
    })
  }

  /** Removes a tag; or a manifest, with all the tags that name it. */
  async remove(name: string, reference: ManifestReference, exchange: Exchange): Promise<void> {
    const { manifests } = this.#store
    const found =
      'tag' in reference
        ? await manifests.removeTag(name, reference.tag)
        : await manifests.remove(name, reference.digest)
    if (!found) throw unknown(name, reference)
    exchange.answer(202)
  }

  async listTags(name: string, exchange: Exchange): Promise<void> {
    const page = pageRequestOf(exchange.query, 'tags')
    const tags = await this.#store.manifests.tags(name, page.last, page.limit + 1)
    if (tags === undefined) throw new Failure('NAME_UNKNOWN', { name })
    const { names, link } = pageOf(tags, page, exchange.query, tagsPath(name))
    exchange.answer(
      200,
      { 'content-type': 'application/json', ...(link && { link }) },
      JSON.stringify({ name, tags: names }),
    )
  }

  async #find(name: string, reference: ManifestReference): Promise<ManifestRow> {
    const found = await this.#store.manifests.find(name, reference)
    if (found === undefined) throw unknown(name, reference)
    return found
  }
}

function unknown(name: string, reference: ManifestReference): Failure {
  const detail = 'tag' in reference ? { Tag: reference.tag } : { Name: name, Revision: reference.digest }
  return new Failure('MANIFEST_UNKNOWN', detail)
}

/** Names that go with a manifest put by its digest. */
function moreTags(query: URLSearchParams): string[] {
  const tags = [...new Set(query.getAll('tag'))]
  if (tags.length > maximumTags) throw new Failure('TAG_INVALID', `more than ${maximumTags} tags`, { status: 414 })
  for (const tag of tags) if (!isTag(tag)) throw new Failure('TAG_INVALID', { tag: tag.slice(0, 160) })
  return tags
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
