// SPDX-License-Identifier: Apache-2.0
import {
  type Descriptor,
  type Digest,
  type ImageConfig,
  type Index,
  isConfigType,
  type Manifest,
  parseImageConfig,
  parseManifest,
} from '@teu/oci-spec/image'
import type { ManifestReference } from '../../store/manifest-store.ts'
import { visibleRepositories } from '../auth/visible-catalog.ts'
import type { Caller } from '../exchange.ts'
import type { Serve } from '../front/front.ts'
import { innerCall } from '../front/inner-call.ts'
import { platformName } from './words.ts'

/** A manifest with what it says. @internal */
export type Found =
  | { kind: 'index'; digest: Digest; mediaType: string; bytes: number; index: Index }
  | {
      kind: 'image'
      digest: Digest
      mediaType: string
      bytes: number
      manifest: Manifest
      config: ImageConfig | undefined
    }

/** What a line of a list says of a manifest. @internal */
export interface Summary {
  digest: Digest
  /** Names of platforms; empty for what runs nowhere. */
  platforms: readonly string[]
  /** What is an artifact rather than an image, by its type. */
  artifactType: string | undefined
  /** Bytes of configuration and layers, as they are stored; of an index those of its images. */
  size: number
  created: string | undefined
}

/** Summaries follow from bytes alone, so they stay right. */
const maximumSummaries = 5_000
/** Configurations above this are not read for a page. */
const maximumConfig = 1024 * 1024
/** Manifests that are read at a time. */
const width = 8

/** What pages are made of: the registry, asked as any client asks it. @internal */
export class Library {
  readonly #serve: Serve
  readonly #summaries = new Map<string, Promise<Summary | undefined>>()

  constructor(serve: Serve) {
    this.#serve = serve
  }

  /** Repositories that a caller may see, one more than `limit` if there are so many. */
  repositories(caller: Caller, page: { last: string; limit: number }): Promise<string[]> {
    return visibleRepositories(this.#serve, caller, page)
  }

  /** Tags behind `last`, at most `limit`, and whether there are more; `undefined` for a repository that nobody knows. */
  async tags(name: string, last: string, limit: number): Promise<{ tags: string[]; more: boolean } | undefined> {
    const query = { n: String(limit), ...(last !== '' && { last }) }
    const { status, headers, body } = await innerCall(this.#serve, { kind: 'tags', name }, { query })
    if (status !== 200) return undefined
    const { tags } = JSON.parse(body.toString('utf8')) as { tags: string[] | null }
    return { tags: tags ?? [], more: headers['link'] !== undefined }
  }

  /** A manifest and what it is about; `undefined` when there is none, or none that can be read. */
  async find(name: string, reference: ManifestReference): Promise<Found | undefined> {
    const { status, headers, body } = await innerCall(this.#serve, { kind: 'manifest', name, reference })
    if (status !== 200) return undefined
    const parsed = parseManifest(body, headers['content-type'])
    const shared = {
      digest: headers['docker-content-digest'] as Digest,
      mediaType: parsed.mediaType,
      bytes: body.byteLength,
    }
    if (parsed.kind === 'index') return { kind: 'index', ...shared, index: parsed.index }
    return { kind: 'image', ...shared, manifest: parsed.manifest, config: await this.#config(name, parsed.manifest) }
  }

  /** The digest that a tag names, without reading the manifest. */
  async digestOf(name: string, tag: string): Promise<Digest | undefined> {
    const { status, headers } = await innerCall(
      this.#serve,
      { kind: 'manifest', name, reference: { tag } },
      { method: 'HEAD' },
    )
    return status === 200 ? (headers['docker-content-digest'] as Digest) : undefined
  }

  async referrers(name: string, digest: Digest): Promise<Descriptor[]> {
    const { status, body } = await innerCall(this.#serve, { kind: 'referrers', name, digest })
    return status === 200 ? (JSON.parse(body.toString('utf8')) as Index).manifests : []
  }

  /** Summaries of many, a few at a time. */
  async summaries(name: string, references: readonly ManifestReference[]): Promise<(Summary | undefined)[]> {
    const found: (Summary | undefined)[] = []
    for (let at = 0; at < references.length; at += width) {
      const part = references.slice(at, at + width)
      found.push(...(await Promise.all(part.map((reference) => this.summary(name, reference)))))
    }
    return found
  }

  /** What a list says of a manifest; `undefined` when it is not here. */
  async summary(name: string, reference: ManifestReference): Promise<Summary | undefined> {
    const digest = 'tag' in reference ? await this.digestOf(name, reference.tag) : reference.digest
    if (digest === undefined) return undefined
    const key = `${name}@${digest}`
    const known = this.#summaries.get(key)
    if (known !== undefined) return known
    const summary = this.#summarize(name, digest)
    this.#summaries.set(key, summary)
    if (this.#summaries.size > maximumSummaries) this.#summaries.delete(this.#summaries.keys().next().value as string)
    // What is not here now may come.
    summary.then(
      (value) => value === undefined && this.#summaries.delete(key),
      () => this.#summaries.delete(key),
    )
    return summary
  }

  async #summarize(name: string, digest: Digest): Promise<Summary | undefined> {
    const found = await this.find(name, { digest })
    if (found === undefined) return undefined
    if (found.kind === 'image') return summaryOf(found)
    const entries = found.index.manifests
    const parts = await this.summaries(
      name,
      entries.map((entry) => ({ digest: entry.digest })),
    )
    const platforms = entries.filter(isRunnable).map(({ platform }) => platformName(platform))
    return {
      digest,
      platforms: [...new Set(platforms)],
      artifactType: found.index.artifactType,
      size: parts.reduce((sum, part) => sum + (part?.size ?? 0), 0),
      created: parts
        .map((part) => part?.created)
        .sort()
        .at(-1),
    }
  }

  async #config(name: string, { config }: Manifest): Promise<ImageConfig | undefined> {
    if (!isConfigType(config.mediaType) || config.size > maximumConfig) return undefined
    const { status, body } = await innerCall(this.#serve, { kind: 'blob', name, digest: config.digest })
    try {
      return status === 200 ? parseImageConfig(body) : undefined
    } catch {
      return undefined
    }
  }
}

/** Whether an entry of an index is an image; attestations are listed with a platform that does not exist. @internal */
export function isRunnable({ platform, annotations }: Descriptor): boolean {
  return platform !== undefined && platform.os !== 'unknown' && annotations?.['vnd.docker.reference.type'] === undefined
}

function summaryOf({ digest, manifest, config }: Found & { kind: 'image' }): Summary {
  const isImage = isConfigType(manifest.config.mediaType)
  return {
    digest,
    platforms: config === undefined ? [] : [platformName(config)],
    artifactType: manifest.artifactType || (isImage ? undefined : manifest.config.mediaType),
    size: manifest.layers.reduce((sum, layer) => sum + layer.size, manifest.config.size),
    created: config?.created,
  }
}
