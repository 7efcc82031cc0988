// SPDX-License-Identifier: Apache-2.0
import { hasCode } from '@teu/errors'
import type { Digest } from '@teu/oci-spec/image'
import type { ManifestFacts } from '../references/manifest-facts.ts'
import type { ManifestRow } from '../references/manifest-table.ts'
import type { ReferrerList, ReferrerPage } from '../references/referrer-page.ts'
import { writeLink } from '../storage/links.ts'
import { tree } from '../storage/tree.ts'
import { type BlobStore, quotaExceeded } from './blob-store.ts'
import { noting, type StoreContext, writing, writingAlone } from './context.ts'
import { memberKey } from './holds.ts'
import { Refusal } from './refusal.ts'

/** A manifest by tag or by digest. @internal */
export type ManifestReference = { tag: string } | { digest: Digest }

/** A manifest to be stored. @internal */
export interface NewManifest {
  bytes: Uint8Array
  digest: Digest
  facts: ManifestFacts
  /** Names that it is to have. */
  tags: readonly string[]
}

/** Manifests and tags of repositories. @internal */
export class ManifestStore {
  readonly #context: StoreContext
  readonly #blobs: BlobStore

  constructor(context: StoreContext, blobs: BlobStore) {
    this.#context = context
    this.#blobs = blobs
  }

  /** A manifest that a repository holds. */
  async find(name: string, reference: ManifestReference): Promise<ManifestRow | undefined> {
    const { survey, seen, index } = this.#context
    await survey.ensure(name)
    const found =
      'tag' in reference
        ? index.manifests.findTagged(name, reference.tag)
        : index.manifests.find(name, reference.digest)
    if (found !== undefined) seen.touch(found.digest)
    return found
  }

  /** A manifest's bytes. Fails with `not-found` when they are gone, whatever the index said. */
  async read(digest: Digest): Promise<Uint8Array> {
    try {
      return await this.#context.storage.read(tree.blob(digest))
    } catch (error) {
      if (hasCode(error, 'not-found')) this.#context.index.blobs.missing(digest)
      throw error
    }
  }

  /**
   * Stores a manifest, for which `check` has to agree: it is asked while nothing that the manifest points at can be
   * collected. In the order of content, membership, tags, each durable before the next.
   */
  async put(name: string, manifest: NewManifest, check: () => Promise<void>): Promise<void> {
    const { holds } = this.#context
    await writing(this.#context, name, () =>
      holds.keeping([manifest.digest, ...manifest.facts.targets], async () => {
        await check()
        this.#checkTags(name, manifest)
        const { digest, bytes } = manifest
        const isHeld = this.#context.index.manifests.find(name, digest) !== undefined
        const room = this.#blobs.room(name)
        if (room !== undefined && bytes.byteLength > room && !isHeld) throw quotaExceeded(name)
        await this.#store(name, manifest)
        for (const tag of manifest.tags) await this.#setTag(name, tag, digest)
      }),
    )
  }

  /** Removes a manifest, and the tags that name it before. Answers whether there was one. */
  remove(name: string, digest: Digest): Promise<boolean> {
    const { storage, index, reached } = this.#context
    return writingAlone(this.#context, name, async () => {
      const repository = index.repositories.find(name)
      if (repository === undefined || index.manifests.find(name, digest) === undefined) return false
      const tags = index.tags.of(repository.id, digest)
      for (const tag of tags) this.#refuseImmutable(name, tag)
      for (const tag of tags) {
        await storage.remove(tree.tag(name, tag))
        await reached('manifest.untagged')
        noting(this.#context, name, () => index.tags.remove(repository.id, tag))
      }
      await storage.remove(tree.revision(name, digest))
      await reached('manifest.unlinked')
      noting(this.#context, name, () => index.manifests.unlink(repository.id, digest))
      return true
    })
  }

  /** Removes a tag only. Answers whether there was one. */
  removeTag(name: string, tag: string): Promise<boolean> {
    const { storage, index, turns, reached } = this.#context
    return writing(this.#context, name, () =>
      turns.run(memberKey(name, tag), async () => {
        const repository = index.repositories.find(name)
        if (repository === undefined || index.tags.find(repository.id, tag) === undefined) return false
        this.#refuseImmutable(name, tag)
        await storage.remove(tree.tag(name, tag))
        await reached('tag.removed')
        noting(this.#context, name, () => index.tags.remove(repository.id, tag))
        return true
      }),
    )
  }

  /** The names of a repository's tags in order, `limit` of them after `last`; `undefined` when nobody knows the repository. */
  async tags(name: string, last: string, limit: number): Promise<string[] | undefined> {
    const { survey, index } = this.#context
    await survey.ensure(name)
    if (index.repositories.find(name) === undefined) return undefined
    return index.tags.names(name, last, limit)
  }

  /** Descriptors of manifests about another one, in the order of their digests. */
  async referrers(name: string, subject: Digest, page: ReferrerPage): Promise<ReferrerList> {
    await this.#context.survey.ensure(name)
    return this.#context.index.manifests.referrers(name, subject, page)
  }

  /** The names of repositories that have manifests, in order, `limit` of them after `last`. */
  async catalog(last: string, limit: number): Promise<string[]> {
    await this.#context.survey.all()
    return this.#context.index.repositories.catalog(last, limit)
  }

  async #store(name: string, { bytes, digest, facts }: NewManifest): Promise<void> {
    const { storage, index, seen, now, reached } = this.#context
    seen.touch(digest)
    if ((await this.#blobs.bytes(digest))?.size !== bytes.byteLength) {
      await storage.write(tree.blob(digest), bytes)
      await reached('manifest.stored')
    }
    if (index.manifests.find(name, digest)?.size === bytes.byteLength) return
    await writeLink(storage, tree.revision(name, digest), digest)
    await reached('manifest.linked')
    noting(this.#context, name, () => {
      index.blobs.stored(digest, bytes.byteLength, now())
      index.manifests.describe(digest, facts)
      index.manifests.link(index.repositories.idOf(name), digest, now())
    })
  }

  #setTag(name: string, tag: string, digest: Digest): Promise<void> {
    const { storage, index, turns, now, reached } = this.#context
    return turns.run(memberKey(name, tag), async () => {
      const repository = index.repositories.idOf(name)
      const before = index.tags.find(repository, tag)
      if (before?.digest === digest) return
      if (before !== undefined) this.#refuseImmutable(name, tag)
      const place = tree.tag(name, tag)
      // Docker's registry keeps every digest that a tag ever had, and removes them with the tag.
      await writeLink(storage, `${place}/index/${digest.replace(':', '/')}`, digest)
      await reached('tag.noted')
      await writeLink(storage, `${place}/current`, digest)
      await reached('tag.set')
      noting(this.#context, name, () => index.tags.set(repository, tag, digest, now()))
    })
  }

  /** Before anything is stored, so that a refusal leaves nothing behind. */
  #checkTags(name: string, { digest, tags }: NewManifest): void {
    const { index } = this.#context
    const repository = index.repositories.find(name)
    if (repository === undefined) return
    for (const tag of tags) {
      const before = index.tags.find(repository.id, tag)
      if (before !== undefined && before.digest !== digest) this.#refuseImmutable(name, tag)
    }
  }

  #refuseImmutable(name: string, tag: string): void {
    if (this.#context.limits.isImmutable?.(name, tag) === true)
      throw new Refusal('DENIED', `${name}:${tag} cannot be changed: it is immutable`)
  }
}
