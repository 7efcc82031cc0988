// SPDX-License-Identifier: Apache-2.0
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { tree } from '../storage/tree.ts'
import { walk } from '../storage/walk.ts'
import type { Store } from '../store/store.ts'

/** Files of one sort. @public */
export interface Amount {
  count: number
  /** Their lengths together; a file system uses some more for each. */
  bytes: number
}

/** What one repository holds. @public */
export interface RepositoryStats {
  name: string
  tags: number
  manifests: number
  blobs: number
  /** The length of all its blobs and manifests, each once: what pulling everything would bring. */
  bytes: number
  /** Of these, what no other repository holds: what would come free with it. */
  exclusiveBytes: number
}

/** What a store takes and what for. @public */
export interface StoreStats {
  /** Every file there is: the sum of the five below, to the byte. */
  total: Amount
  /** The bytes of blobs and manifests, each once however many repositories hold it. */
  content: Amount
  /** Small files that say which repository holds what. */
  links: Amount
  /** Uploads that are not finished. */
  uploads: Amount
  /** The index, its journal and its reserve, and files that are being written or removed. */
  own: Amount
  /** What belongs to nothing, see {@link checkStore}. */
  other: Amount
  /** Of the content, what nothing points at: what a collection without a grace period would free. */
  unreferenced: Amount
  /** In the order of their names. Without what is stored once for several, this would be what the content takes. */
  repositories: RepositoryStats[]
}

/**
 * Counts what a store holds, while it is in use: what comes and goes meanwhile may or may not be counted. It looks at
 * the name and the length of every file there is, and reads none of them. An aborted signal ends it with its reason.
 *
 * @public
 */
export async function storeStats(store: Store, { signal }: { signal?: AbortSignal } = {}): Promise<StoreStats> {
  const { storage, index } = store.context
  await store.surveyed()
  const none = () => ({ count: 0, bytes: 0 })
  const found = { content: none(), links: none(), uploads: none(), own: none(), other: none() }
  for await (const { path: place, size } of walk(storage, '')) {
    signal?.throwIfAborted()
    add(found[sortOf(place)], size)
  }
  for (const size of await sizesBelow(storage.capabilities.privateDirectory)) add(found.own, size)
  const total = none()
  for (const { count, bytes } of Object.values(found)) {
    total.count += count
    total.bytes += bytes
  }
  return {
    total,
    ...found,
    unreferenced: index.statistics.unreferenced(),
    repositories: index.statistics.repositories(),
  }
}

function add(amount: Amount, size: number): void {
  amount.count++
  amount.bytes += size
}

function sortOf(place: string): 'content' | 'links' | 'uploads' | 'other' {
  if (place.startsWith(`${tree.blobs}/`)) return place.endsWith('/data') ? 'content' : 'other'
  if (!place.startsWith(`${tree.repositories}/`)) return 'other'
  if (place.includes('/_uploads/')) return 'uploads'
  return place.endsWith('/link') ? 'links' : 'other'
}

async function sizesBelow(directory: string | undefined): Promise<number[]> {
  if (directory === undefined) return []
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
  const sizes = await Promise.all(
    files.map((file) =>
      stat(file).then(
        (found) => found.size,
        () => undefined,
      ),
    ),
  )
  return sizes.filter((size) => size !== undefined)
}
