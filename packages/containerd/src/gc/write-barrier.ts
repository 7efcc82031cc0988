// SPDX-License-Identifier: Apache-2.0
import type { MetadataDatabase, SqlValue } from '../metadata/database.ts'
import { parseLabels } from '../metadata/values.ts'
import type { GarbageItem } from './garbage.ts'
import { resourceOf } from './garbage.ts'
import {
  contentResource,
  imageResource,
  ingestResource,
  labelReferences,
  leasedResource,
  type Resource,
  snapshotResource,
} from './resources.ts'

/** The arguments of `gc_touch` for a row of each table: the row's own identity, and its references. */
const rows: Readonly<Record<string, string>> = {
  images: `'image', NEW.namespace, NEW.name, json_extract(NEW.target, '$.digest'), NEW.labels`,
  containers: `'container', NEW.namespace, NEW.snapshotter, NEW.snapshot_key, NEW.labels`,
  content: `'content', NEW.namespace, NEW.digest, '', NEW.labels`,
  snapshots: `'snapshot', NEW.namespace, NEW.snapshotter, NEW.name, NEW.labels,
    (SELECT name FROM snapshots WHERE id = NEW.parent)`,
  ingests: `'ingest', NEW.namespace, NEW.ref, '', '{}'`,
  leases: `'lease', NEW.namespace, NEW.id, '', NEW.labels`,
  lease_resources: `'leased', NEW.namespace, NEW.type, NEW.id, '{}'`,
}

/**
 * Remembers what rows were written since a look at them began, and what they refer to. An item that was garbage then
 * and has been referred to since is garbage no more, and neither is what it refers to in turn. Triggers of this
 * connection see to it, so that no way of writing a row can be forgotten.
 */
export class WriteBarrier {
  readonly #spared = new Set<Resource>()
  #open: Resource[] | undefined

  constructor(database: MetadataDatabase) {
    database.define('gc_touch', (...row) => this.#touch(row))
    const triggers = Object.entries(rows).flatMap(([table, row]) =>
      ['INSERT', 'UPDATE'].map(
        (event) => `CREATE TEMP TRIGGER gc_${event}_${table} AFTER ${event} ON main.${table}
          BEGIN SELECT gc_touch(${row}); END;`,
      ),
    )
    database.install(triggers.join('\n'))
  }

  /** Begins: what is written from now on is remembered. */
  begin(): void {
    this.#spared.clear()
    this.#open = []
  }

  end(): void {
    this.#spared.clear()
    this.#open = undefined
  }

  /** Takes in what was written up to now. `references` is what garbage refers to among itself. */
  settle(references: ReadonlyMap<Resource, readonly Resource[]>): void {
    const open = this.#open ?? []
    for (let resource = open.pop(); resource !== undefined; resource = open.pop()) {
      if (this.#spared.has(resource)) continue
      this.#spared.add(resource)
      open.push(...(references.get(resource) ?? []))
    }
  }

  /** Whether an item is needed again, as of the last {@link settle}. */
  spares(item: GarbageItem): boolean {
    const resource = resourceOf(item)
    return resource !== undefined && this.#spared.has(resource)
  }

  #touch(row: SqlValue[]): null {
    this.#open?.push(...resourcesOf(row))
    return null
  }
}

function resourcesOf([table, ...columns]: SqlValue[]): Resource[] {
  const [namespace = '', first = '', second = '', labels = '{}'] = columns.map(String)
  const named = labelReferences(namespace, parseLabels(labels))
  switch (table) {
    case 'image':
      return [imageResource(namespace, first), contentResource(namespace, second), ...named]
    case 'container':
      return [snapshotResource(namespace, first, second), ...named]
    case 'content':
      return [contentResource(namespace, first), ...named]
    case 'snapshot': {
      const parent = columns[4]
      const above = typeof parent === 'string' ? [snapshotResource(namespace, first, parent)] : []
      return [snapshotResource(namespace, first, second), ...above, ...named]
    }
    case 'ingest':
      return [ingestResource(namespace, first)]
    case 'leased':
      return [leasedResource(namespace, first, second)].filter((resource) => resource !== undefined)
    default:
      return named
  }
}
