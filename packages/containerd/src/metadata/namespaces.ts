// SPDX-License-Identifier: Apache-2.0
import { type Namespace, validateIdentifier, validateLabels } from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import type { MetadataDatabase, Row } from './database.ts'
import { mergeLabels, onlyLabels } from './field-mask.ts'
import { formatLabels, type Labels, parseLabels } from './values.ts'

/** Tables whose rows make a namespace non-empty, with the word for what they hold. */
const contents: readonly [table: string, word: string][] = [
  ['images', 'images'],
  ['content', 'blobs'],
  ['snapshots', 'snapshots'],
  ['containers', 'containers'],
]

/** The namespaces that were made or written into. */
export class NamespaceStore {
  readonly #database: MetadataDatabase

  constructor(database: MetadataDatabase) {
    this.#database = database
  }

  /** One that nothing was written into yet has no labels; clients count on being able to ask. */
  get(name: string): Namespace {
    return this.#find(name) ?? { name, labels: {} }
  }

  list(): Namespace[] {
    return this.#database.all('SELECT name, labels FROM namespaces ORDER BY name').map(namespaceOfRow)
  }

  create(namespace: Namespace): Promise<Namespace> {
    validateIdentifier(namespace.name, 'namespace validation: ')
    validateLabels(namespace.labels)
    return this.#database.write(() => {
      if (!this.ensure(namespace.name, namespace.labels))
        throw new StackError('already-exists', `namespace ${JSON.stringify(namespace.name)}: already exists`)
      return this.get(namespace.name)
    })
  }

  /** Changes labels. A namespace that there is not yet is made when there is a label to set, as containerd does it. */
  update(namespace: Namespace, paths: readonly string[]): Promise<Namespace> {
    onlyLabels(paths, `namespace ${JSON.stringify(namespace.name)}`)
    validateIdentifier(namespace.name, 'namespace validation: ')
    return this.#database.write(() => {
      const labels = mergeLabels(this.get(namespace.name).labels, namespace.labels, paths)
      validateLabels(labels)
      if (Object.keys(labels).length > 0) this.ensure(namespace.name)
      this.#database.run('UPDATE namespaces SET labels = ? WHERE name = ?', formatLabels(labels), namespace.name)
      return this.get(namespace.name)
    })
  }

  /** @throws `failed-precondition` that says what is left in it */
  delete(name: string): Promise<void> {
    return this.#database.write(() => {
      this.#require(name)
      const left = contents
        .filter(([table]) => this.#database.get(`SELECT 1 FROM ${table} WHERE namespace = ? LIMIT 1`, name))
        .map(([, word]) => word)
      if (left.length > 0)
        throw new StackError(
          'failed-precondition',
          `namespace ${JSON.stringify(name)} must be empty, but it still has ${left.join(', ')}: failed precondition`,
        )
      for (const table of ['namespaces WHERE name', 'leases WHERE namespace', 'lease_resources WHERE namespace'])
        this.#database.run(`DELETE FROM ${table} = ?`, name)
    })
  }

  /** Makes the namespace when it is missing: every write into one does. Says whether it was. Only inside a write. */
  ensure(name: string, labels: Labels = {}): boolean {
    const sql = 'INSERT INTO namespaces (name, labels) VALUES (?, ?) ON CONFLICT DO NOTHING'
    return this.#database.run(sql, name, formatLabels(labels)).changes > 0
  }

  /** The label of a namespace, or undefined. */
  label(name: string, label: string): string | undefined {
    return this.#find(name)?.labels[label]
  }

  #find(name: string): Namespace | undefined {
    const row = this.#database.get('SELECT name, labels FROM namespaces WHERE name = ?', name)
    return row === undefined ? undefined : namespaceOfRow(row)
  }

  #require(name: string): Namespace {
    const found = this.#find(name)
    if (found === undefined) throw new StackError('not-found', `namespace ${JSON.stringify(name)}: not found`)
    return found
  }
}

function namespaceOfRow(row: Row): Namespace {
  return { name: String(row.name), labels: parseLabels(row.labels) }
}
