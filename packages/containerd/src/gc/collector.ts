// SPDX-License-Identifier: Apache-2.0

import type { Digest } from '@teu/oci-spec/image'
import type { ContentStore } from '../content/content-store.ts'
import type { EventPublisher } from '../events/exchange.ts'
import type { Logger } from '../log/logger.ts'
import type { MetadataDatabase } from '../metadata/database.ts'
import { nowMicros } from '../metadata/values.ts'
import type { SnapshotStore } from '../snapshots/snapshot-store.ts'
import { markAll, readGraph } from './mark.ts'
import { contentResource, ingestResource, snapshotResource } from './resources.ts'

/** What the collector stands on. */
export interface CollectorComponents {
  database: MetadataDatabase
  content: ContentStore
  snapshots: ReadonlyMap<string, SnapshotStore>
  events: EventPublisher
  log: Logger
}

/** After which time an ingest without a lease is taken for abandoned, in microseconds: a day. */
const abandonedMicros = 86_400_000_000

interface Doomed {
  blobs: { namespace: string; digest: Digest }[]
  snapshots: { namespace: string; snapshotter: string; name: string; id: number }[]
  ingests: { namespace: string; ref: string }[]
}

/**
 * Removes what nothing needs. Rows are judged and removed in one transaction, so that nothing is taken from a call
 * that finds it meanwhile; files follow.
 *
 * @returns when something expires next, in milliseconds since 1970
 */
export async function collectGarbage(components: CollectorComponents): Promise<number | undefined> {
  const { database, content, snapshots, events, log } = components
  const before = performance.now()
  const { doomed, nextExpiry } = database.writeNow(() => sweepRows(database))
  for (const { namespace, ref } of doomed.ingests) await content.abort(namespace, ref).catch(() => {})
  if (doomed.blobs.length > 0) {
    // The file goes only when its row's removal is on the disk: a row without a file would be a broken promise.
    await database.sync()
    for (const { digest } of doomed.blobs) content.removeFile(digest)
  }
  for (const { namespace, digest } of doomed.blobs)
    events.publish(namespace, '/content/delete', 'ContentDelete', { digest })
  for (const [name, store] of snapshots) {
    const own = doomed.snapshots.filter(({ snapshotter }) => snapshotter === name)
    if (own.length === 0) continue
    for (const { namespace, name: key } of own)
      events.publish(namespace, '/snapshot/remove', 'SnapshotRemove', { key, snapshotter: name })
    await store.removeDirectories(own.map(({ id }) => id))
  }
  const { blobs, snapshots: trees, ingests } = doomed
  const counts = { blobs: blobs.length, snapshots: trees.length, ingests: ingests.length }
  const ms = Math.round((performance.now() - before) * 10) / 10
  log.debug({ ms, ...counts }, 'garbage collected')
  return nextExpiry
}

function sweepRows(database: MetadataDatabase): { doomed: Doomed; nextExpiry: number | undefined } {
  dropExpiredLeases(database)
  const graph = readGraph(database)
  const alive = markAll(graph)
  const doomed: Doomed = { blobs: [], snapshots: [], ingests: [] }
  for (const row of database.all('SELECT namespace, digest FROM content')) {
    const [namespace, digest] = [String(row.namespace), String(row.digest)]
    if (alive.has(contentResource(namespace, digest))) continue
    doomed.blobs.push({ namespace, digest: digest as Digest })
    database.run('DELETE FROM content WHERE namespace = ? AND digest = ?', namespace, digest)
  }
  // Children first: a parent that is still referred to cannot go.
  for (const row of database.all('SELECT id, snapshotter, namespace, name FROM snapshots ORDER BY id DESC')) {
    const [namespace, snapshotter, name] = [String(row.namespace), String(row.snapshotter), String(row.name)]
    if (alive.has(snapshotResource(namespace, snapshotter, name))) continue
    doomed.snapshots.push({ namespace, snapshotter, name, id: Number(row.id) })
  }
  removeSnapshots(database, doomed)
  // One that was begun without a lease stays for a day, for whoever resumes it.
  const stale = nowMicros() - abandonedMicros
  for (const row of database.all('SELECT namespace, ref FROM ingests WHERE leased = 1 OR updated_at < ?', stale)) {
    const [namespace, ref] = [String(row.namespace), String(row.ref)]
    if (!alive.has(ingestResource(namespace, ref))) doomed.ingests.push({ namespace, ref })
  }
  return { doomed, nextExpiry: graph.nextExpiry }
}

/** A rebase may have put a snapshot on a younger parent, so the order of numbers is not always that of the tree. */
function removeSnapshots(database: MetadataDatabase, doomed: Doomed): void {
  let left = doomed.snapshots
  while (left.length > 0) {
    const blocked = left.filter(({ id }) => {
      if (database.get('SELECT 1 FROM snapshots WHERE parent = ? LIMIT 1', id) !== undefined) return true
      database.run('DELETE FROM snapshots WHERE id = ?', id)
      return false
    })
    if (blocked.length === left.length) break
    left = blocked
  }
  doomed.snapshots = doomed.snapshots.filter((snapshot) => !left.includes(snapshot))
}

function dropExpiredLeases(database: MetadataDatabase): void {
  const sql = `SELECT namespace, id, labels FROM leases WHERE labels LIKE '%containerd.io/gc.expire%'`
  for (const row of database.all(sql)) {
    const expiry = Date.parse(
      (JSON.parse(String(row.labels)) as Record<string, string>)['containerd.io/gc.expire'] ?? '',
    )
    if (Number.isNaN(expiry) || expiry > Date.now()) continue
    database.run('DELETE FROM leases WHERE namespace = ? AND id = ?', row.namespace!, row.id!)
    database.run('DELETE FROM lease_resources WHERE namespace = ? AND lease = ?', row.namespace!, row.id!)
  }
}
