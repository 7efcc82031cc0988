// SPDX-License-Identifier: Apache-2.0
import { setImmediate } from 'node:timers/promises'
import { StackError } from '@teu/errors'
import { tree } from '../storage/tree.ts'
import { collecting, writingAlone } from '../store/context.ts'
import type { Store } from '../store/store.ts'
import { removeTogether } from './remove-together.ts'
import { sweepBlobs, sweepMembers } from './sweep.ts'

/** Options of {@link collectGarbage}. @public */
export interface CollectGarbageOptions {
  /**
   * The grace period: what came, or was asked for, more recently stays, referenced or not, because a push stores blobs first and
   * the manifest that names them last. Milliseconds, default one day.
   */
  olderThanMs?: number
  /**
   * Also remove manifests that have no tag, belong to no index that stays and are about no manifest that stays, when they are older than
   * this; never before the grace period is over. Milliseconds. Default: they stay until they are deleted.
   */
  untaggedOlderThanMs?: number
  /** Remove uploads that nothing came for in so long. Milliseconds, default one week. */
  uploadsOlderThanMs?: number
  /** Only count. Default false. */
  dryRun?: boolean
  /** Ends the collection early; what was removed is removed. */
  signal?: AbortSignal
}

/** What was removed, or would be. @public */
export interface CollectGarbageResult {
  /** Blobs and manifests whose bytes went. */
  blobs: number
  /** How many bytes they had. */
  bytes: number
  /** Manifests without tags that were taken from their repositories. */
  manifests: number
  /** Blobs that were taken from a repository none of whose manifests needs them. */
  links: number
  /** Uploads that nobody came back to. */
  uploads: number
  /** Repositories that had become empty. */
  repositories: number
}

const dayMs = 24 * 3600 * 1000

/** The same for the parts of one collection. @internal */
export interface Collection {
  store: Store
  /** What is younger stays. Milliseconds since 1970. */
  before: number
  dryRun: boolean
  result: CollectGarbageResult
  signal: AbortSignal | undefined
}

/**
 * Removes what nothing needs, while the store is in use: blobs that no manifest of their repository points at, bytes that
 * no repository and no manifest speaks of, uploads that were given up and, when asked to, manifests without a name.
 *
 * What is referenced never goes, whatever is pushed, mounted or deleted meanwhile; docs/gc-and-durability.md says why.
 * One collection runs at a time; another waits. Fails with `failed-precondition` on a store that is open only for reading,
 * unless it is to count, and with what the storage fails with; what was not removed is tried again next time.
 *
 * @public
 */
export async function collectGarbage(store: Store, options: CollectGarbageOptions = {}): Promise<CollectGarbageResult> {
  if (store.context.isReadOnly && options.dryRun !== true)
    throw new StackError('failed-precondition', 'the store is open only for reading')
  return store.context.turns.run(collecting, () => collect(store, options))
}

async function collect(store: Store, options: CollectGarbageOptions): Promise<CollectGarbageResult> {
  const { olderThanMs = dayMs, untaggedOlderThanMs, uploadsOlderThanMs = 7 * dayMs, dryRun = false, signal } = options
  const { index, seen, now } = store.context
  await store.surveyed()
  const result = { blobs: 0, bytes: 0, manifests: 0, links: 0, uploads: 0, repositories: 0 }
  const collection: Collection = { store, before: now() - olderThanMs, dryRun, result, signal }
  result.uploads = await store.uploads.expire(now() - uploadsOlderThanMs, { dryRun })
  index.garbage.reset()
  // What may have been asked for within the grace period, and not been written down, is everything.
  if (seen.floor < collection.before) {
    if (untaggedOlderThanMs !== undefined)
      await sweepUntagged(collection, Math.min(collection.before, now() - untaggedOlderThanMs))
    await sweepMembers(collection)
    await sweepBlobs(collection)
  }
  if (dryRun) result.repositories = index.garbage.emptied(now() - uploadsOlderThanMs)
  else {
    await sweepRepositories(collection)
    index.garbage.tidy()
    index.keepReserve()
  }
  index.garbage.reset()
  return result
}

async function sweepUntagged({ store, dryRun, result, signal }: Collection, before: number): Promise<void> {
  const { index, storage, seen, reached } = store.context
  for (const { id, name, unreadable } of index.repositories.all()) {
    signal?.throwIfAborted()
    // Of what could not be read, nobody knows which manifests it needs.
    if (unreadable !== 0) continue
    await setImmediate()
    await writingAlone(store.context, name, async () => {
      seen.flush()
      const found = index.garbage.untagged(id, before)
      result.manifests += found.length
      if (dryRun) {
        for (const { blob } of found) index.garbage.pretend('gone_revisions', id, blob)
        return
      }
      const places = found.map(({ digest }) => ({ folder: tree.revision(name, digest), digest }))
      await removeTogether(storage, places, {
        durably: true,
        async removed({ digest }) {
          await reached('gc.untagged')
          index.transaction(() => index.manifests.unlink(id, digest))
        },
      })
    })
  }
}

/** Removes the folders of repositories that hold nothing any more. */
async function sweepRepositories({ store, result, signal }: Collection): Promise<void> {
  const { index, storage, reached } = store.context
  for (const { id, name, unreadable } of index.repositories.all()) {
    signal?.throwIfAborted()
    if (unreadable !== 0 || !index.repositories.isEmpty(id)) continue
    await writingAlone(store.context, name, async () => {
      if (!index.repositories.isEmpty(id)) return
      // Other repositories may lie below this one.
      for (const part of ['_layers', '_manifests', '_uploads'])
        await storage.remove(`${tree.repository(name)}/${part}`, { lazily: true })
      await reached('gc.repository')
      index.repositories.remove(id)
      result.repositories++
    })
  }
}
