// SPDX-License-Identifier: Apache-2.0
import { Container, type Filter, timestampNow, validateIdentifier, validateLabels } from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import type { MetadataDatabase } from './database.ts'
import { invalidPath, mergeLabels, mergeMap } from './field-mask.ts'
import { type ListedTable, listRows } from './listing.ts'
import type { NamespaceStore } from './namespaces.ts'
import { formatLabels } from './values.ts'

const listed: ListedTable = {
  select: 'message FROM containers',
  table: 'containers',
  scope: 'namespace = ?',
  key: 'id',
  columns: { id: 'id', image: 'image', snapshotter: 'snapshotter', snapshot_key: 'snapshot_key' },
  labels: 'labels',
}

/** Container records. A record is kept as its message; the columns beside it are what other parts look for. */
export class ContainerStore {
  readonly #database: MetadataDatabase
  readonly #namespaces: NamespaceStore

  constructor(database: MetadataDatabase, namespaces: NamespaceStore) {
    this.#database = database
    this.#namespaces = namespaces
  }

  get(namespace: string, id: string): Container {
    const row = this.#database.get('SELECT message FROM containers WHERE namespace = ? AND id = ?', namespace, id)
    if (row === undefined) throw notFound(namespace, id)
    return Container.decode(row.message as Uint8Array)
  }

  /** Those that a filter may admit, a page at a time. */
  async *list(namespace: string, filter: Filter): AsyncGenerator<Container[], void, undefined> {
    for await (const rows of listRows(this.#database, listed, [namespace], filter))
      yield rows.map((row) => Container.decode(row.message as Uint8Array))
  }

  create(namespace: string, container: Container): Promise<Container> {
    validate(container)
    return this.#database.write(() => {
      this.#namespaces.ensure(namespace)
      const now = timestampNow()
      const created = { ...container, createdAt: now, updatedAt: now }
      const sql = 'INSERT INTO containers VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING'
      const { changes } = this.#database.run(sql, namespace, container.id, ...columns(created))
      if (changes === 0)
        throw new StackError('already-exists', `container ${JSON.stringify(container.id)}: already exists`)
      return created
    })
  }

  update(namespace: string, container: Container, paths: readonly string[]): Promise<Container> {
    if (container.id === '') throw new StackError('invalid-argument', 'must specify a container id: invalid argument')
    return this.#database.write(() => {
      const updated = apply(this.get(namespace, container.id), container, paths)
      updated.updatedAt = timestampNow()
      validate(updated)
      const sql = `UPDATE containers SET image = ?, labels = ?, snapshotter = ?, snapshot_key = ?, message = ?
        WHERE namespace = ? AND id = ?`
      this.#database.run(sql, ...columns(updated), namespace, container.id)
      return updated
    })
  }

  /** Not waited for on the disk: a record that comes back after a power cut can be deleted again. */
  delete(namespace: string, id: string): Promise<void> {
    return this.#database.write(
      () => {
        const sql = 'DELETE FROM containers WHERE namespace = ? AND id = ?'
        if (this.#database.run(sql, namespace, id).changes === 0) throw notFound(namespace, id)
      },
      { durable: false },
    )
  }
}

function columns(container: Container): [string, string, string, string, Uint8Array] {
  const { image, labels, snapshotter, snapshotKey } = container
  return [image, formatLabels(labels), snapshotter, snapshotKey, Container.encode(container).finish()]
}

function apply(current: Container, next: Container, paths: readonly string[]): Container {
  if (paths.length === 0) {
    const immutable = (field: 'snapshotter') => {
      if (next[field] !== current[field])
        throw new StackError('invalid-argument', `container.${pascal(field)} field is immutable: invalid argument`)
    }
    immutable('snapshotter')
    if ((next.runtime?.name ?? '') !== (current.runtime?.name ?? ''))
      throw new StackError('invalid-argument', 'container.Runtime.Name field is immutable: invalid argument')
    return { ...next, createdAt: current.createdAt }
  }
  const updated = { ...current, labels: mergeLabels(current.labels, next.labels, paths) }
  updated.extensions =
    mergeMap(current.extensions, next.extensions, paths, 'extensions', (value) => value === undefined) ??
    current.extensions
  for (const path of paths) {
    if (/^(labels|extensions)(\.|$)/.test(path)) continue
    else if (path === 'spec') updated.spec = next.spec
    else if (path === 'image') updated.image = next.image
    else if (path === 'snapshot_key') updated.snapshotKey = next.snapshotKey
    else throw invalidPath(path, `container ${JSON.stringify(next.id)}`)
  }
  return updated
}

function validate(container: Container): void {
  const invalid = (what: string) => new StackError('invalid-argument', `${what}: invalid argument`)
  validateIdentifier(container.id, 'container.ID: ')
  for (const name of Object.keys(container.extensions))
    if (name === '') throw invalid('extension key must not be zero-length')
  validateLabels(container.labels)
  if (!container.runtime?.name) throw invalid('container.Runtime.Name must be set')
  if (container.spec === undefined) throw invalid('container.Spec must be set')
  if (container.snapshotKey !== '' && container.snapshotter === '') throw invalid('container.Snapshotter must be set')
}

function pascal(field: string): string {
  return field[0]!.toUpperCase() + field.slice(1)
}

function notFound(namespace: string, id: string): StackError {
  return new StackError(
    'not-found',
    `container ${JSON.stringify(id)} in namespace ${JSON.stringify(namespace)}: not found`,
  )
}
