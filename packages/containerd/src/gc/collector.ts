// SPDX-License-Identifier: Apache-2.0
import { setImmediate as turn } from 'node:timers/promises'
import type { Digest } from '@teu/oci-spec/image'
import type { ContentStore } from '../content/content-store.ts'
import type { EventPublisher } from '../events/exchange.ts'
import type { Logger } from '../log/logger.ts'
import type { MetadataDatabase } from '../metadata/database.ts'
import type { SnapshotStore } from '../snapshots/snapshot-store.ts'
import { findGarbageInThread } from './find-in-thread.ts'
import { findGarbage, type Garbage, type GarbageItem } from './garbage.ts'
import { sweep } from './sweep.ts'
import { WriteBarrier } from './write-barrier.ts'

/** What the collector stands on. */
export interface CollectorComponents {
  database: MetadataDatabase
  content: ContentStore
  snapshots: ReadonlyMap<string, SnapshotStore>
  events: EventPublisher
  log: Logger
}

/** Up to how many rows are looked through without a thread: fewer than starting one costs. */
const fewRows = 500

/** How many files are removed before other calls get their turn. */
const filesAtOnce = 32

/** The items of one kind. */
type Items<K extends GarbageItem['kind']> = Extract<GarbageItem, { kind: K }>[]

/**
 * Removes what nothing needs. The rows are looked through by a thread when there are many, while calls go on; what a
 * call refers to meanwhile is spared. Rows go in small transactions; files follow, off the event loop.
 */
export class GarbageCollector {
  readonly #c: CollectorComponents
  readonly #barrier: WriteBarrier

  constructor(components: CollectorComponents) {
    this.#c = components
    this.#barrier = new WriteBarrier(components.database)
  }

  /**
   * Collects once. Never called while it runs.
   *
   * @returns when something expires next, in milliseconds since 1970
   */
  async collect(signal: AbortSignal): Promise<number | undefined> {
    const before = performance.now()
    const removed: GarbageItem[] = []
    // Before the look at the rows: what is written between the two must not be missed.
    this.#barrier.begin()
    let nextExpiry: number | undefined
    try {
      const garbage = await this.#find(signal)
      nextExpiry = garbage.nextExpiry
      const onRemoved = (item: GarbageItem) => {
        removed.push(item)
        this.#tell(item)
      }
      await sweep({ ...this.#c, barrier: this.#barrier, items: garbage.items, signal, onRemoved })
    } finally {
      this.#barrier.end()
    }
    await this.#removeFiles(removed)
    const ms = Math.round((performance.now() - before) * 10) / 10
    const count = (kind: GarbageItem['kind']) => removed.filter((item) => item.kind === kind).length
    const counts = { blobs: count('blob'), snapshots: count('snapshot'), ingests: count('ingest') }
    this.#c.log.debug({ ms, ...counts }, 'garbage collected')
    return nextExpiry
  }

  async #find(signal: AbortSignal): Promise<Garbage> {
    const { database } = this.#c
    const now = Date.now()
    return hasFewRows(database) ? findGarbage(database, now) : findGarbageInThread({ path: database.path, now }, signal)
  }

  #tell(item: GarbageItem): void {
    const { events } = this.#c
    const { namespace } = item
    if (item.kind === 'blob') events.publish(namespace, '/content/delete', 'ContentDelete', { digest: item.digest })
    else if (item.kind === 'snapshot') {
      const { name: key, snapshotter } = item
      events.publish(namespace, '/snapshot/remove', 'SnapshotRemove', { key, snapshotter })
    }
  }

  /** A file goes only when its row's removal is on the disk: a row without a file would be a broken promise. */
  async #removeFiles(removed: readonly GarbageItem[]): Promise<void> {
    const { database, content, snapshots } = this.#c
    const of = <K extends GarbageItem['kind']>(kind: K) => removed.filter((item) => item.kind === kind) as Items<K>
    for (const { namespace, ref } of of('ingest')) await content.abort(namespace, ref).catch(() => {})
    const digests = [...new Set([...content.records.deleted, ...of('blob').map(({ digest }) => digest)])]
    content.records.deleted.clear()
    if (digests.length > 0) await database.sync()
    for (let at = 0; at < digests.length; at += filesAtOnce) {
      await Promise.all(digests.slice(at, at + filesAtOnce).map((digest) => this.#removeBlob(digest)))
      await turn()
    }
    const trees = Map.groupBy(of('snapshot'), ({ snapshotter }) => snapshotter)
    for (const [name, items] of trees) await snapshots.get(name)?.removeDirectories(items.map(({ id }) => id))
  }

  /** One that a call holds meanwhile is left for the next collection, unless a record has it again. */
  async #removeBlob(digest: Digest): Promise<void> {
    const { content } = this.#c
    const removed = await content.removeFile(digest)
    if (!removed && content.records.sizeAnywhere(digest) === undefined) content.records.deleted.add(digest)
  }
}

function hasFewRows(database: MetadataDatabase): boolean {
  let rows = 0
  for (const table of ['content', 'snapshots', 'images', 'containers', 'leases', 'lease_resources']) {
    const sql = `SELECT COUNT(*) AS count FROM (SELECT 1 FROM ${table} LIMIT ${fewRows + 1})`
    rows += Number(database.get(sql)?.count)
    if (rows > fewRows) return false
  }
  return true
}
