// SPDX-License-Identifier: Apache-2.0
import { hasCode } from '@teu/errors'
import { type Digest, isDigest } from '@teu/oci-spec/image'
import { type ManifestFacts, readFacts } from '../references/manifest-facts.ts'
import type { ReferenceIndex } from '../references/reference-index.ts'
import type { StorageDriver, StoredObject } from '../storage/driver.ts'
import { tree } from '../storage/tree.ts'
import { walk } from '../storage/walk.ts'
import type { Gates } from './gate.ts'
import { listRepositories, readRepository, type StoredRepository } from './read-repository.ts'

/** How many manifests are read at once, how many repositories, how many blobs are noted at once. */
const width = { manifests: 16, repositories: 4, blobs: 500 }

/** Collaborators of a {@link Survey}. @internal */
export interface SurveyComponents {
  storage: StorageDriver
  index: ReferenceIndex
  gates: Gates
  now: () => number
  /** After how many milliseconds a repository is read again: another process may write to it. */
  staleAfterMs: number
}

/**
 * Brings the index up to what lies in the storage. Whatever happened since it was last written, a crash or another
 * program at work, a repository is read once before its first use, and all of them in the background; a collection
 * waits for the last.
 *
 * @internal
 */
export class Survey {
  readonly #components: SurveyComponents
  readonly #checked = new Map<string, { done: Promise<void>; at: number }>()
  /** Of which the index was right once. */
  readonly #known = new Set<string>()
  #all: Promise<void> | undefined
  #isClosed = false

  constructor(components: SurveyComponents) {
    this.#components = components
  }

  /**
   * Resolves when the index is right about a repository, or, on a full disk, when it is behind by no more than what was
   * refused for want of room: who only reads is served all the same.
   */
  async ensure(name: string): Promise<void> {
    try {
      await this.#ensureStrictly(name)
    } catch (error) {
      if (!hasCode(error, 'resource-exhausted') || !this.#known.has(name)) throw error
    }
  }

  async #ensureStrictly(name: string): Promise<void> {
    await this.#checkOnce(name)
    // Names that nobody has are as many as callers can make up.
    if (this.#components.index.repositories.find(name) === undefined) this.#checked.delete(name)
    else this.#known.add(name)
  }

  /** The same for whoever is about to write to it. */
  ensureForWriting(name: string): Promise<void> {
    return this.#checkOnce(name)
  }

  /** Says that the index may be wrong about a repository: it is read again before its next use. */
  distrust(name: string): void {
    this.#checked.delete(name)
    this.#all = undefined
  }

  /** Resolves when the index is right about everything. */
  all(): Promise<void> {
    this.#all ??= this.#surveyAll().catch((error) => {
      this.#all = undefined
      throw error
    })
    return this.#all
  }

  /** Ends what goes on in the background. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.allSettled([this.#all, ...[...this.#checked.values()].map(({ done }) => done)])
  }

  #checkOnce(name: string): Promise<void> {
    const { gates, now, staleAfterMs } = this.#components
    const known = this.#checked.get(name)
    if (known !== undefined && now() - known.at < staleAfterMs) return known.done
    const done = gates.exclusive(name, () => this.#check(name))
    const entry = { done, at: now() }
    this.#checked.set(name, entry)
    done.catch(() => this.#checked.get(name) === entry && this.#checked.delete(name))
    return done
  }

  async #check(name: string): Promise<void> {
    const { storage, index } = this.#components
    const found = await readRepository(storage, name)
    const described = await this.#describe([...found.revisions.keys()])
    index.transaction(() => apply(index, name, found, described))
  }

  /** Reads those of the manifests that the index does not know; `undefined` for what is not one. */
  async #describe(digests: Digest[]): Promise<Map<Digest, Described | undefined>> {
    const { storage, index } = this.#components
    const unknown = digests.filter((digest) => !index.manifests.isDescribed(digest))
    const described = new Map<Digest, Described | undefined>()
    for (let start = 0; start < unknown.length; start += width.manifests) {
      const part = unknown.slice(start, start + width.manifests)
      const read = await Promise.all(part.map((digest) => describe(storage, digest)))
      for (const [position, digest] of part.entries()) described.set(digest, read[position])
    }
    return described
  }

  async #surveyAll(): Promise<void> {
    const { storage, index } = this.#components
    const names = new Set([
      ...(await listRepositories(storage)),
      ...index.repositories.all().map((repository) => repository.name),
    ])
    const pending = [...names]
    const one = async () => {
      for (let name = pending.pop(); name !== undefined && !this.#isClosed; name = pending.pop())
        await this.#ensureStrictly(name)
    }
    await Promise.all(Array.from({ length: width.repositories }, one))
    await this.#surveyBlobs()
  }

  async #surveyBlobs(): Promise<void> {
    const { storage, index } = this.#components
    let found: StoredObject[] = []
    for await (const object of walk(storage, tree.blobs)) {
      if (this.#isClosed) return
      if (found.push(object) < width.blobs) continue
      note(index, found)
      found = []
    }
    note(index, found)
    index.blobs.missingUnconfirmed()
  }
}

interface Described {
  facts: ManifestFacts
  size: number
  modified: number
}

async function describe(storage: StorageDriver, digest: Digest): Promise<Described | undefined> {
  try {
    const [bytes, found] = await Promise.all([storage.read(tree.blob(digest)), storage.stat(tree.blob(digest))])
    const facts = readFacts(bytes)
    return facts && { facts, size: bytes.byteLength, modified: found?.modified ?? 0 }
  } catch (error) {
    if (hasCode(error, 'not-found')) return undefined
    throw error
  }
}

/** Makes the index say of a repository what the storage says. */
function apply(
  index: ReferenceIndex,
  name: string,
  found: StoredRepository,
  described: Map<Digest, Described | undefined>,
): void {
  const { repositories, manifests, uploads, blobs } = index
  const isThere = found.members.size + found.revisions.size + found.tags.size + found.uploads.size > 0
  const known = repositories.find(name)
  if (!isThere) {
    if (known !== undefined) repositories.remove(known.id)
    return
  }
  const repository = known?.id ?? repositories.idOf(name)
  difference(repositories.members(repository), ({ digest }) => digest, found.members, {
    gone: (digest) => repositories.removeMember(repository, blobs.idOf(digest)),
    came: (digest, linkedAt) => repositories.addMember(repository, blobs.idOf(digest), linkedAt),
  })
  for (const [digest, manifest] of described) {
    if (manifest === undefined) continue
    manifests.describe(digest, manifest.facts)
    if (blobs.find(digest)?.isConfirmed !== true) blobs.stored(digest, manifest.size, manifest.modified)
  }
  difference(manifests.linked(repository), (digest) => digest, found.revisions, {
    gone: (digest) => manifests.unlink(repository, digest),
    came: (digest, linkedAt) => manifests.link(repository, digest, linkedAt),
  })
  const unreadable = [...found.revisions.keys()].some((digest) => !manifests.isDescribed(digest))
  repositories.setUnreadable(repository, unreadable)
  applyTags(index, repository, found.tags)
  difference(uploads.list(repository), ({ id }) => id, found.uploads, {
    gone: (id) => uploads.remove(name, id),
    came: (id, touchedAt) => uploads.touch(repository, id, touchedAt),
  })
}

function applyTags(index: ReferenceIndex, repository: number, found: StoredRepository['tags']): void {
  const known = new Map(index.tags.list(repository).map((tag) => [tag.name, tag]))
  for (const name of known.keys()) if (!found.has(name)) index.tags.remove(repository, name)
  for (const [name, { digest, updatedAt }] of found) {
    const before = known.get(name)
    if (before?.digest !== digest || before.updatedAt !== Math.trunc(updatedAt))
      index.tags.set(repository, name, digest, updatedAt)
  }
}

/** Tells what of `known` is not found, and what was found that is not known. */
function difference<Row, Key, Value>(
  known: readonly Row[],
  keyOf: (row: Row) => Key,
  found: ReadonlyMap<Key, Value>,
  changes: { gone: (key: Key) => void; came: (key: Key, value: Value) => void },
): void {
  const keys = new Set(known.map(keyOf))
  for (const key of keys) if (!found.has(key)) changes.gone(key)
  for (const [key, value] of found) if (!keys.has(key)) changes.came(key, value)
}

/** Notes blobs that a walk came by, unless this run knows better. */
function note(index: ReferenceIndex, objects: readonly StoredObject[]): void {
  index.transaction(() => {
    for (const { path, size, modified } of objects) {
      const [algorithm, , encoded, data, ...more] = path.slice(tree.blobs.length + 1).split('/')
      const digest = `${algorithm}:${encoded}`
      if (data !== 'data' || more.length > 0 || !isDigest(digest)) continue
      if (index.blobs.find(digest)?.isConfirmed !== true) index.blobs.stored(digest, size, modified)
    }
  })
}
