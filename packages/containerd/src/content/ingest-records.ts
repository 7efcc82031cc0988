// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import type { MetadataDatabase, Row } from '../metadata/database.ts'
import type { LeaseStore } from '../metadata/leases.ts'
import type { NamespaceStore } from '../metadata/namespaces.ts'
import { nowMicros } from '../metadata/values.ts'

/** An ingest: bytes on their way to become a blob. How many there are is the size of its file. */
export interface IngestRecord {
  namespace: string
  ref: string
  /** The name of its folder. */
  folder: string
  /** The digest that the blob shall have, or empty. */
  expected: string
  /** The size that the blob shall have in bytes, or 0. */
  total: number
  /** In microseconds since 1970. */
  startedAt: number
  /** In microseconds since 1970. */
  updatedAt: number
}

/** An ingest that is to begin. */
export type NewIngest = Pick<IngestRecord, 'namespace' | 'ref' | 'folder' | 'expected' | 'total'>

/** A name that no folder has. */
export function newIngestFolder(): string {
  return randomBytes(16).toString('hex')
}

/** What the ingest records stand on. */
export interface IngestRecordsComponents {
  database: MetadataDatabase
  namespaces: NamespaceStore
  leases: LeaseStore
}

/**
 * The ingests of all namespaces, by ref. Never waited for on the disk: what a power cut takes is written again.
 */
export class IngestRecords {
  readonly #c: IngestRecordsComponents

  constructor(components: IngestRecordsComponents) {
    this.#c = components
  }

  find(namespace: string, ref: string): IngestRecord | undefined {
    const row = this.#c.database.get('SELECT * FROM ingests WHERE namespace = ? AND ref = ?', namespace, ref)
    return row === undefined ? undefined : recordOfRow(row)
  }

  list(namespace: string): IngestRecord[] {
    return this.#c.database.all('SELECT * FROM ingests WHERE namespace = ? ORDER BY ref', namespace).map(recordOfRow)
  }

  folders(): Set<string> {
    return new Set(this.#c.database.all('SELECT folder FROM ingests').map((row) => String(row.folder)))
  }

  /** Notes an ingest whose folder, under a name of {@link newIngestFolder}, is there: one without a record is swept. */
  create(ingest: NewIngest, lease: string | undefined): IngestRecord {
    const { namespace, ref, folder, expected, total } = ingest
    return this.#c.database.writeNow(() => {
      this.#c.namespaces.ensure(namespace)
      const now = nowMicros()
      this.#c.database.run(
        'INSERT INTO ingests VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        namespace,
        ref,
        folder,
        expected,
        total,
        now,
        now,
        lease === undefined ? 0 : 1,
      )
      this.#c.leases.hold(namespace, lease, 'ingests', ref)
      return { ...ingest, startedAt: now, updatedAt: now }
    })
  }

  /** Stores what a writer has learnt about its ingest. */
  save(record: IngestRecord): void {
    const { namespace, ref, expected, total, updatedAt } = record
    const sql = 'UPDATE ingests SET expected = ?, total = ?, updated_at = ? WHERE namespace = ? AND ref = ?'
    this.#c.database.writeNow(() => this.#c.database.run(sql, expected, total, updatedAt, namespace, ref))
  }

  /** Forgets an ingest. Says whether there was one. */
  remove(namespace: string, ref: string): boolean {
    return this.#c.database.writeNow(() => {
      this.#c.database.run(
        `DELETE FROM lease_resources WHERE namespace = ? AND type = 'ingests' AND id = ?`,
        namespace,
        ref,
      )
      return this.#c.database.run('DELETE FROM ingests WHERE namespace = ? AND ref = ?', namespace, ref).changes > 0
    })
  }
}

function recordOfRow(row: Row): IngestRecord {
  return {
    namespace: String(row.namespace),
    ref: String(row.ref),
    folder: String(row.folder),
    expected: String(row.expected),
    total: Number(row.total),
    startedAt: Number(row.started_at),
    updatedAt: Number(row.updated_at),
  }
}
