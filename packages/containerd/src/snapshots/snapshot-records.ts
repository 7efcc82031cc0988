// SPDX-License-Identifier: Apache-2.0
import type { Filter, SnapshotInfo } from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import type { MetadataDatabase, Row } from '../metadata/database.ts'
import { type ListedTable, listRows } from '../metadata/listing.ts'
import { formatLabels, type Labels, nowMicros, parseLabels, timestampOfMicros } from '../metadata/values.ts'
import { type SnapshotKind, type SnapshotLocation, snapshotKinds } from './snapshot-driver.ts'

/** A snapshot's row. */
export interface SnapshotRecord {
  id: number
  name: string
  kind: SnapshotKind
  parent: number | undefined
  labels: Labels
  size: number | undefined
  inodes: number | undefined
  createdAt: number
  updatedAt: number
}

const listed: ListedTable = {
  select: 's.*, p.name AS parent_name FROM snapshots s LEFT JOIN snapshots p ON p.id = s.parent',
  table: 'snapshots s',
  scope: 's.snapshotter = ? AND s.namespace = ?',
  key: 's.name',
  columns: { name: 's.name', parent: 'p.name' },
  labels: 's.labels',
}

/** The names, kinds, parents and labels of one snapshotter's snapshots, in all namespaces. */
export class SnapshotRecords {
  readonly snapshotter: string
  readonly #database: MetadataDatabase

  constructor(database: MetadataDatabase, snapshotter: string) {
    this.#database = database
    this.snapshotter = snapshotter
  }

  find(namespace: string, name: string): SnapshotRecord | undefined {
    const sql = 'SELECT * FROM snapshots WHERE snapshotter = ? AND namespace = ? AND name = ?'
    const row = this.#database.get(sql, this.snapshotter, namespace, name)
    return row === undefined ? undefined : recordOfRow(row)
  }

  get(namespace: string, name: string): SnapshotRecord {
    const found = this.find(namespace, name)
    if (found === undefined) throw new StackError('not-found', `snapshot ${name} does not exist: not found`)
    return found
  }

  /** Those that a filter may admit, a page at a time. */
  async *list(namespace: string, filter: Filter): AsyncGenerator<SnapshotInfo[], void, undefined> {
    for await (const rows of listRows(this.#database, listed, [this.snapshotter, namespace], filter))
      yield rows.map((row) => infoOf(recordOfRow(row), String(row.parent_name ?? '')))
  }

  /** The name of the parent, or empty. */
  parentName(record: SnapshotRecord): string {
    if (record.parent === undefined) return ''
    const row = this.#database.get('SELECT name FROM snapshots WHERE id = ?', record.parent)
    return String(row?.name ?? '')
  }

  location({ id, kind, parent }: SnapshotRecord): SnapshotLocation {
    return { id, kind, parents: this.chain(parent) }
  }

  /** A snapshot and all above it, nearest first. */
  chain(id: number | undefined): number[] {
    if (id === undefined) return []
    const sql = `WITH RECURSIVE chain (id, parent, depth) AS (
        SELECT id, parent, 0 FROM snapshots WHERE id = ?
        UNION ALL SELECT s.id, s.parent, chain.depth + 1 FROM snapshots s JOIN chain ON s.id = chain.parent
      ) SELECT id FROM chain ORDER BY depth`
    return this.#database.all(sql, id).map((row) => Number(row.id))
  }

  /** These snapshots and all that stand on them, the topmost first. */
  withDescendants(ids: readonly number[]): { id: number; name: string; kind: SnapshotKind }[] {
    const sql = `WITH RECURSIVE tree (id, depth) AS (
        SELECT value, 0 FROM json_each(?)
        UNION SELECT s.id, tree.depth + 1 FROM snapshots s JOIN tree ON s.parent = tree.id
      ) SELECT s.id, s.name, s.kind FROM snapshots s JOIN (SELECT id, MAX(depth) AS depth FROM tree GROUP BY id) t
        ON t.id = s.id ORDER BY t.depth DESC`
    const rows = this.#database.all(sql, JSON.stringify(ids))
    return rows.map(({ id, name, kind }) => ({
      id: Number(id),
      name: String(name),
      kind: Number(kind) as SnapshotKind,
    }))
  }

  hasChildren(id: number): boolean {
    return this.#database.get('SELECT 1 FROM snapshots WHERE parent = ? LIMIT 1', id) !== undefined
  }

  /** Only inside a write. */
  insert(namespace: string, name: string, kind: SnapshotKind, parent: number | undefined, labels: Labels): number {
    const now = nowMicros()
    const sql = `INSERT INTO snapshots (snapshotter, namespace, name, kind, parent, labels, created_at, updated_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
    const values = [this.snapshotter, namespace, name, kind, parent ?? null, formatLabels(labels), now, now]
    return this.#database.run(sql, ...values).lastId
  }

  /** Turns an active snapshot into a committed one. Only inside a write. */
  commit(id: number, name: string, parent: number | undefined, labels: Labels): void {
    const now = nowMicros()
    const sql = `UPDATE snapshots SET name = ?, kind = ?, parent = ?, labels = ?, size = NULL, inodes = NULL,
      created_at = ?, updated_at = ? WHERE id = ?`
    this.#database.run(sql, name, snapshotKinds.committed, parent ?? null, formatLabels(labels), now, now, id)
  }

  /** Only inside a write. */
  setLabels(id: number, labels: Labels): void {
    const sql = 'UPDATE snapshots SET labels = ?, updated_at = ? WHERE id = ?'
    this.#database.run(sql, formatLabels(labels), nowMicros(), id)
  }

  /** Only inside a write. */
  setUsage(id: number, size: number, inodes: number): void {
    this.#database.run('UPDATE snapshots SET size = ?, inodes = ? WHERE id = ?', size, inodes, id)
  }

  /** Only inside a write. */
  delete(id: number): void {
    this.#database.run('DELETE FROM snapshots WHERE id = ?', id)
  }

  /** Every number in use, in all namespaces. */
  ids(): Set<number> {
    const sql = 'SELECT id FROM snapshots WHERE snapshotter = ?'
    return new Set(this.#database.all(sql, this.snapshotter).map((row) => Number(row.id)))
  }

  infoOf(record: SnapshotRecord): SnapshotInfo {
    return infoOf(record, this.parentName(record))
  }
}

function infoOf({ name, kind, createdAt, updatedAt, labels }: SnapshotRecord, parent: string): SnapshotInfo {
  const [made, changed] = [timestampOfMicros(createdAt), timestampOfMicros(updatedAt)]
  return { name, parent, kind, createdAt: made, updatedAt: changed, labels }
}

function recordOfRow(row: Row): SnapshotRecord {
  return {
    id: Number(row.id),
    name: String(row.name),
    kind: Number(row.kind) as SnapshotKind,
    parent: row.parent === null ? undefined : Number(row.parent),
    labels: parseLabels(row.labels),
    size: row.size === null ? undefined : Number(row.size),
    inodes: row.inodes === null ? undefined : Number(row.inodes),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  }
}
