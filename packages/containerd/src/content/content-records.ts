// SPDX-License-Identifier: Apache-2.0
import { type ContentInfo, type Filter, validateLabels } from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import type { Digest } from '@teu/oci-spec/image'
import type { MetadataDatabase, Row } from '../metadata/database.ts'
import { mergeLabels, onlyLabels } from '../metadata/field-mask.ts'
import type { LeaseStore } from '../metadata/leases.ts'
import { type ListedTable, listRows } from '../metadata/listing.ts'
import type { NamespaceStore } from '../metadata/namespaces.ts'
import { formatLabels, type Labels, nowMicros, parseLabels, timestampOfMicros } from '../metadata/values.ts'

/** What the content records stand on. */
export interface ContentRecordsComponents {
  database: MetadataDatabase
  namespaces: NamespaceStore
  leases: LeaseStore
}

const listed: ListedTable = {
  select: '* FROM content',
  table: 'content',
  scope: 'namespace = ?',
  key: 'digest',
  columns: { digest: 'digest' },
  labels: 'labels',
}

/** Which namespace has which blob, and with which labels. One file may serve many namespaces. */
export class ContentRecords {
  /** Blobs that were taken from a namespace, and whose files nobody has looked after yet. */
  readonly deleted = new Set<Digest>()
  readonly #c: ContentRecordsComponents

  constructor(components: ContentRecordsComponents) {
    this.#c = components
  }

  get(namespace: string, digest: Digest): ContentInfo {
    const found = this.find(namespace, digest)
    if (found === undefined) throw notFound(digest)
    return found
  }

  find(namespace: string, digest: Digest): ContentInfo | undefined {
    const row = this.#c.database.get('SELECT * FROM content WHERE namespace = ? AND digest = ?', namespace, digest)
    return row === undefined ? undefined : infoOfRow(row)
  }

  /** The size of a blob that any namespace has, or undefined. */
  sizeAnywhere(digest: Digest): number | undefined {
    const row = this.#c.database.get('SELECT size FROM content WHERE digest = ? LIMIT 1', digest)
    return row === undefined ? undefined : Number(row.size)
  }

  /** Those that a filter may admit, a page at a time. */
  async *list(namespace: string, filter: Filter): AsyncGenerator<ContentInfo[], void, undefined> {
    for await (const rows of listRows(this.#c.database, listed, [namespace], filter)) yield rows.map(infoOfRow)
  }

  /** Records a blob. Only inside a write. @throws `already-exists` when the namespace has it */
  add(namespace: string, digest: Digest, size: number, labels: Labels, lease: string | undefined): void {
    this.#c.namespaces.ensure(namespace)
    const now = nowMicros()
    const sql = 'INSERT INTO content VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING'
    const { changes } = this.#c.database.run(sql, namespace, digest, size, formatLabels(labels), now, now)
    if (changes === 0) throw new StackError('already-exists', `content ${digest}: already exists`)
    this.#c.leases.hold(namespace, lease, 'content', digest)
  }

  updateLabels(namespace: string, digest: Digest, next: Labels, paths: readonly string[]): Promise<ContentInfo> {
    onlyLabels(paths, `content ${digest}`)
    return this.#c.database.write(() => {
      const labels = mergeLabels(this.get(namespace, digest).labels, next, paths)
      validateLabels(labels)
      const sql = 'UPDATE content SET labels = ?, updated_at = ? WHERE namespace = ? AND digest = ?'
      this.#c.database.run(sql, formatLabels(labels), nowMicros(), namespace, digest)
      return this.get(namespace, digest)
    })
  }

  /** Takes the blob from the namespace; its file goes with the next garbage collection. */
  async delete(namespace: string, digest: Digest): Promise<void> {
    await this.#c.database.write(() => {
      const sql = 'DELETE FROM content WHERE namespace = ? AND digest = ?'
      if (this.#c.database.run(sql, namespace, digest).changes === 0) throw notFound(digest)
    })
    this.deleted.add(digest)
  }
}

function infoOfRow(row: Row): ContentInfo {
  return {
    digest: String(row.digest),
    size: BigInt(row.size as number),
    createdAt: timestampOfMicros(Number(row.created_at)),
    updatedAt: timestampOfMicros(Number(row.updated_at)),
    labels: parseLabels(row.labels),
  }
}

function notFound(digest: string): StackError {
  return new StackError('not-found', `content ${digest}: not found`)
}
