// SPDX-License-Identifier: Apache-2.0
import { knownLabels } from '@teu/containerd-api'
import type { Row } from '../metadata/database.ts'
import type { Labels } from '../metadata/values.ts'
import {
  contentResource,
  expiryOf,
  imageResource,
  isRoot,
  labelReferences,
  leasedResource,
  type Resource,
  snapshotResource,
} from './resources.ts'

/** Whatever answers queries: the daemon's database, or a thread's own view of its file. */
export interface RowReader {
  /** The rows of a query, one at a time: all at once take hundreds of megabytes in a large store. */
  iterate(sql: string): Iterable<Row>
}

/** What refers to what, and what is needed for its own sake. */
export interface ResourceGraph {
  roots: Resource[]
  /** Needed, but not what they refer to: what a flat lease holds. */
  flat: Resource[]
  references: Map<Resource, Resource[]>
  /** Leases that have ended; they hold nothing any more. */
  expired: { namespace: string; id: string }[]
  /** When the next lease ends, in milliseconds since 1970. */
  nextExpiry: number | undefined
}

/** Everything that is reachable from the roots. */
export function markAll({
  roots,
  flat,
  references,
}: Pick<ResourceGraph, 'roots' | 'flat' | 'references'>): Set<Resource> {
  const alive = new Set<Resource>(roots)
  const open = [...alive]
  for (let resource = open.pop(); resource !== undefined; resource = open.pop())
    for (const target of references.get(resource) ?? []) {
      if (alive.has(target)) continue
      alive.add(target)
      open.push(target)
    }
  for (const resource of flat) {
    alive.add(resource)
    // A snapshot is nothing without its parents, whatever the lease says of references.
    for (let parent = parentOf(references, resource); parent !== undefined; parent = parentOf(references, parent)) {
      if (alive.has(parent)) break
      alive.add(parent)
    }
  }
  return alive
}

/** Reads the graph from the rows, as it is at a time in milliseconds since 1970. */
export function readGraph(database: RowReader, now: number): ResourceGraph {
  const graph: ResourceGraph = {
    roots: [],
    flat: [],
    references: new Map(),
    expired: [],
    nextExpiry: undefined,
  }
  readImages(database, graph)
  readContainers(database, graph)
  readContent(database, graph)
  readSnapshots(database, graph)
  readLeases(database, graph, now)
  return graph
}

function parentOf(references: ResourceGraph['references'], resource: Resource): Resource | undefined {
  return resource.startsWith('s\0') ? references.get(resource)?.find((target) => target.startsWith('s\0')) : undefined
}

/** Labels that say something of garbage. Most objects have none, and parsing is most of the work. */
function gcLabels(json: unknown): Labels {
  const text = String(json)
  return text.includes('containerd.io/gc.') ? (JSON.parse(text) as Labels) : {}
}

function refer(graph: ResourceGraph, resource: Resource, targets: Resource[]): void {
  if (targets.length > 0) graph.references.set(resource, targets)
}

function readImages(database: RowReader, graph: ResourceGraph): void {
  for (const row of database.iterate('SELECT namespace, name, target, labels FROM images')) {
    const namespace = String(row.namespace)
    const resource = imageResource(namespace, String(row.name))
    const { digest } = JSON.parse(String(row.target)) as { digest: string }
    graph.roots.push(resource)
    const references = [contentResource(namespace, digest), ...labelReferences(namespace, gcLabels(row.labels))]
    refer(graph, resource, references)
  }
}

function readContainers(database: RowReader, graph: ResourceGraph): void {
  for (const row of database.iterate('SELECT namespace, snapshotter, snapshot_key, labels FROM containers')) {
    const namespace = String(row.namespace)
    if (row.snapshot_key !== '')
      graph.roots.push(snapshotResource(namespace, String(row.snapshotter), String(row.snapshot_key)))
    graph.roots.push(...labelReferences(namespace, gcLabels(row.labels)))
  }
}

function readContent(database: RowReader, graph: ResourceGraph): void {
  for (const row of database.iterate('SELECT namespace, digest, labels FROM content')) {
    const namespace = String(row.namespace)
    const resource = contentResource(namespace, String(row.digest))
    const labels = gcLabels(row.labels)
    if (isRoot(labels)) graph.roots.push(resource)
    refer(graph, resource, labelReferences(namespace, labels))
  }
}

function readSnapshots(database: RowReader, graph: ResourceGraph): void {
  const sql = `SELECT s.namespace, s.snapshotter, s.name, s.labels, p.name AS parent
    FROM snapshots s LEFT JOIN snapshots p ON p.id = s.parent`
  for (const row of database.iterate(sql)) {
    const [namespace, snapshotter] = [String(row.namespace), String(row.snapshotter)]
    const resource = snapshotResource(namespace, snapshotter, String(row.name))
    const labels = gcLabels(row.labels)
    if (isRoot(labels)) graph.roots.push(resource)
    const parent = row.parent === null ? [] : [snapshotResource(namespace, snapshotter, String(row.parent))]
    refer(graph, resource, [...parent, ...labelReferences(namespace, labels)])
  }
}

function readLeases(database: RowReader, graph: ResourceGraph, now: number): void {
  const [flat, expired] = [new Set<string>(), new Set<string>()]
  for (const row of database.iterate('SELECT namespace, id, labels FROM leases')) {
    const labels = gcLabels(row.labels)
    const expiry = expiryOf(labels)
    if (expiry !== undefined && expiry <= now) {
      expired.add(`${row.namespace}\0${row.id}`)
      graph.expired.push({ namespace: String(row.namespace), id: String(row.id) })
      continue
    }
    if (expiry !== undefined && (graph.nextExpiry === undefined || expiry < graph.nextExpiry)) graph.nextExpiry = expiry
    if (labels[knownLabels.gcFlat] !== undefined) flat.add(`${row.namespace}\0${row.id}`)
    graph.roots.push(...labelReferences(String(row.namespace), labels))
  }
  for (const row of database.iterate('SELECT namespace, lease, type, id FROM lease_resources')) {
    const resource = leasedResource(String(row.namespace), String(row.type), String(row.id))
    if (resource === undefined || expired.has(`${row.namespace}\0${row.lease}`)) continue
    if (flat.has(`${row.namespace}\0${row.lease}`)) graph.flat.push(resource)
    else graph.roots.push(resource)
  }
}
