// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '@teu/oci-spec/image'
import { markAll, type RowReader, readGraph } from './mark.ts'
import { contentResource, ingestResource, type Resource, snapshotResource } from './resources.ts'

/** One thing that nothing needs. */
export type GarbageItem =
  | { kind: 'lease'; namespace: string; id: string }
  | { kind: 'blob'; namespace: string; digest: Digest; refersTo: readonly Resource[] }
  | {
      kind: 'snapshot'
      namespace: string
      snapshotter: string
      name: string
      id: number
      refersTo: readonly Resource[]
    }
  | { kind: 'ingest'; namespace: string; ref: string }

/** The result of a look at all rows. */
export interface Garbage {
  /** In the order in which it may go: a snapshot comes after those that stand on it, as far as numbers tell. */
  items: GarbageItem[]
  /** When something expires next, in milliseconds since 1970. */
  nextExpiry: number | undefined
}

/** After which time an ingest without a lease is taken for abandoned, in microseconds: a day. */
const abandonedMicros = 86_400_000_000

/** Finds what nothing needs at a time, in milliseconds since 1970. Changes nothing. */
export function findGarbage(database: RowReader, now: number): Garbage {
  const graph = readGraph(database, now)
  const alive = markAll(graph)
  const items: GarbageItem[] = graph.expired.map((lease) => ({ kind: 'lease', ...lease }))
  const refersTo = (resource: Resource) => (graph.references.get(resource) ?? []).filter((target) => !alive.has(target))
  for (const row of database.iterate('SELECT namespace, digest FROM content')) {
    const [namespace, digest] = [String(row.namespace), String(row.digest) as Digest]
    const resource = contentResource(namespace, digest)
    if (!alive.has(resource)) items.push({ kind: 'blob', namespace, digest, refersTo: refersTo(resource) })
  }
  for (const row of database.iterate('SELECT id, snapshotter, namespace, name FROM snapshots ORDER BY id DESC')) {
    const [namespace, snapshotter, name] = [String(row.namespace), String(row.snapshotter), String(row.name)]
    const resource = snapshotResource(namespace, snapshotter, name)
    if (alive.has(resource)) continue
    items.push({ kind: 'snapshot', namespace, snapshotter, name, id: Number(row.id), refersTo: refersTo(resource) })
  }
  // One that was begun without a lease stays for a day, for a client that resumes it.
  const stale = now * 1000 - abandonedMicros
  for (const row of database.iterate(`SELECT namespace, ref FROM ingests WHERE leased = 1 OR updated_at < ${stale}`)) {
    const [namespace, ref] = [String(row.namespace), String(row.ref)]
    if (!alive.has(ingestResource(namespace, ref))) items.push({ kind: 'ingest', namespace, ref })
  }
  return { items, nextExpiry: graph.nextExpiry }
}

/** The resource that an item is; undefined for a lease, which nothing can refer to. */
export function resourceOf(item: GarbageItem): Resource | undefined {
  if (item.kind === 'blob') return contentResource(item.namespace, item.digest)
  if (item.kind === 'snapshot') return snapshotResource(item.namespace, item.snapshotter, item.name)
  return item.kind === 'ingest' ? ingestResource(item.namespace, item.ref) : undefined
}
