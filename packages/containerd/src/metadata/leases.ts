// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { type Filter, knownLabels, type Lease, type LeaseResource, validateLabels } from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import { isDigest } from '@teu/oci-spec/image'
import type { MetadataDatabase, Row } from './database.ts'
import { type ListedTable, listRows } from './listing.ts'
import type { NamespaceStore } from './namespaces.ts'
import { formatLabels, type Labels, nowMicros, parseLabels, timestampOfMicros } from './values.ts'

/** The longest name of a lease, in characters. */
const maximumIdLength = 1024

const listed: ListedTable = {
  select: '* FROM leases',
  table: 'leases',
  scope: 'namespace = ?',
  key: 'id',
  columns: { id: 'id' },
  labels: 'labels',
}

/** Leases and what they hold. */
export class LeaseStore {
  readonly #database: MetadataDatabase
  readonly #namespaces: NamespaceStore

  constructor(database: MetadataDatabase, namespaces: NamespaceStore) {
    this.#database = database
    this.#namespaces = namespaces
  }

  /** Those that a filter may admit, a page at a time. */
  async *list(namespace: string, filter: Filter): AsyncGenerator<Lease[], void, undefined> {
    for await (const rows of listRows(this.#database, listed, [namespace], filter)) yield rows.map(leaseOfRow)
  }

  create(namespace: string, wantedId: string, labels: Labels): Promise<Lease> {
    const id = wantedId === '' ? `${Date.now()}-${randomBytes(4).toString('hex')}` : wantedId
    // Clients choose any text, so it is only kept from growing.
    if (id.length > maximumIdLength)
      throw new StackError('invalid-argument', `lease id of ${id.length} characters is too long: invalid argument`)
    validateLabels(labels)
    const expiry = labels[knownLabels.gcExpire]
    if (expiry !== undefined && Number.isNaN(Date.parse(expiry)))
      throw new StackError('invalid-argument', `lease expiry ${JSON.stringify(expiry)} is not a time: invalid argument`)
    // One that expires guards work in progress, which a power cut ends too.
    return this.#database.write(
      () => {
        this.#namespaces.ensure(namespace)
        const sql = 'INSERT INTO leases VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'
        if (this.#database.run(sql, namespace, id, formatLabels(labels), nowMicros()).changes === 0)
          throw new StackError('already-exists', `lease ${JSON.stringify(id)}: already exists`)
        return this.#get(namespace, id)
      },
      { durable: expiry === undefined },
    )
  }

  delete(namespace: string, id: string): Promise<void> {
    return this.#database.write(
      () => {
        this.#get(namespace, id)
        this.#database.run('DELETE FROM leases WHERE namespace = ? AND id = ?', namespace, id)
        this.#database.run('DELETE FROM lease_resources WHERE namespace = ? AND lease = ?', namespace, id)
      },
      { durable: false },
    )
  }

  resources(namespace: string, id: string): LeaseResource[] {
    this.#get(namespace, id)
    const sql = 'SELECT type, id FROM lease_resources WHERE namespace = ? AND lease = ? ORDER BY type, id'
    return this.#database.all(sql, namespace, id).map((row) => ({ type: String(row.type), id: String(row.id) }))
  }

  addResource(namespace: string, lease: string, resource: LeaseResource | undefined): Promise<void> {
    const { type, id } = validateResource(resource)
    return this.#database.write(() => this.hold(namespace, lease, type, id))
  }

  deleteResource(namespace: string, lease: string, resource: LeaseResource | undefined): Promise<void> {
    const { type, id } = validateResource(resource)
    return this.#database.write(() => {
      this.#get(namespace, lease)
      const sql = 'DELETE FROM lease_resources WHERE namespace = ? AND lease = ? AND type = ? AND id = ?'
      this.#database.run(sql, namespace, lease, type, id)
    })
  }

  /** Adds to a lease what a call under it has made. Nothing without a lease. Only inside a write. */
  hold(namespace: string, lease: string | undefined, type: string, id: string): void {
    if (lease === undefined) return
    this.#get(namespace, lease)
    const sql = 'INSERT INTO lease_resources VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'
    this.#database.run(sql, namespace, lease, type, id)
  }

  /** Takes from a lease what a call under it has removed. Only inside a write. */
  release(namespace: string, lease: string | undefined, type: string, id: string): void {
    if (lease === undefined) return
    const sql = 'DELETE FROM lease_resources WHERE namespace = ? AND lease = ? AND type = ? AND id = ?'
    this.#database.run(sql, namespace, lease, type, id)
  }

  #get(namespace: string, id: string): Lease {
    const row = this.#database.get('SELECT * FROM leases WHERE namespace = ? AND id = ?', namespace, id)
    if (row === undefined) throw new StackError('not-found', `lease ${JSON.stringify(id)}: not found`)
    return leaseOfRow(row)
  }
}

function validateResource(resource: LeaseResource | undefined): LeaseResource {
  const { type = '', id = '' } = resource ?? {}
  const invalid = (what: string) => new StackError('invalid-argument', `${what}: invalid argument`)
  if (type === 'content') {
    if (!isDigest(id)) throw invalid(`lease resource ${JSON.stringify(id)} is not a digest`)
  } else if (type === 'ingests' || type === 'images') {
    if (id === '') throw invalid(`lease resource of type ${type} has no id`)
  } else if (/^snapshots\/[A-Za-z0-9_.-]+$/.test(type)) {
    if (id === '') throw invalid(`lease resource of type ${type} has no id`)
  } else
    throw new StackError('not-implemented', `resource type ${JSON.stringify(type)} not supported yet: not implemented`)
  return { type, id }
}

function leaseOfRow(row: Row): Lease {
  return {
    id: String(row.id),
    labels: parseLabels(row.labels),
    createdAt: timestampOfMicros(Number(row.created_at)),
  }
}
