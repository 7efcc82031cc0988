// SPDX-License-Identifier: Apache-2.0
import { Descriptor, type Filter, type Image, validateLabels } from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import { parseDigest } from '@teu/oci-spec/image'
import type { MetadataDatabase, Row } from './database.ts'
import { invalidPath, mergeLabels, mergeMap } from './field-mask.ts'
import { type ListedTable, listRows } from './listing.ts'
import type { NamespaceStore } from './namespaces.ts'
import { formatLabels, nowMicros, parseLabels, timestampOfMicros } from './values.ts'

const listed: ListedTable = {
  select: '* FROM images',
  table: 'images',
  scope: 'namespace = ?',
  key: 'name',
  columns: { name: 'name', 'target.digest': "json_extract(target, '$.digest')" },
  labels: 'labels',
}

/** Image records: names that point at content. */
export class ImageStore {
  readonly #database: MetadataDatabase
  readonly #namespaces: NamespaceStore

  constructor(database: MetadataDatabase, namespaces: NamespaceStore) {
    this.#database = database
    this.#namespaces = namespaces
  }

  get(namespace: string, name: string): Image {
    const row = this.#database.get('SELECT * FROM images WHERE namespace = ? AND name = ?', namespace, name)
    if (row === undefined) throw new StackError('not-found', `image ${JSON.stringify(name)}: not found`)
    return imageOfRow(row)
  }

  /** Those that a filter may admit, a page at a time. */
  async *list(namespace: string, filter: Filter): AsyncGenerator<Image[], void, undefined> {
    for await (const rows of listRows(this.#database, listed, [namespace], filter)) yield rows.map(imageOfRow)
  }

  create(namespace: string, image: Image): Promise<Image> {
    const target = validate(image)
    return this.#database.write(() => {
      this.#namespaces.ensure(namespace)
      const now = nowMicros()
      const { changes } = this.#database.run(
        'INSERT INTO images VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
        namespace,
        image.name,
        formatDescriptor(target),
        formatLabels(image.labels),
        now,
        now,
      )
      if (changes === 0) throw new StackError('already-exists', `image ${JSON.stringify(image.name)}: already exists`)
      return this.get(namespace, image.name)
    })
  }

  /** No path replaces labels and target. */
  update(namespace: string, image: Image, paths: readonly string[]): Promise<Image> {
    if (image.name === '')
      throw new StackError('invalid-argument', 'image name is required for update: invalid argument')
    return this.#database.write(() => {
      const updated = apply(this.get(namespace, image.name), image, paths)
      const target = validate(updated)
      this.#database.run(
        'UPDATE images SET target = ?, labels = ?, updated_at = ? WHERE namespace = ? AND name = ?',
        formatDescriptor(target),
        formatLabels(updated.labels),
        nowMicros(),
        namespace,
        image.name,
      )
      return this.get(namespace, image.name)
    })
  }

  /** @throws `not-found`, also when the image does not point at `target` any more */
  delete(namespace: string, name: string, target?: Descriptor): Promise<void> {
    return this.#database.write(() => {
      const image = this.get(namespace, name)
      if (target !== undefined && image.target?.digest !== target.digest)
        throw new StackError('not-found', `image ${JSON.stringify(name)} points elsewhere: not found`)
      this.#database.run('DELETE FROM images WHERE namespace = ? AND name = ?', namespace, name)
    })
  }
}

function apply(current: Image, next: Image, paths: readonly string[]): Image {
  if (paths.length === 0) return { ...current, labels: next.labels, target: next.target }
  const updated = { ...current, labels: mergeLabels(current.labels, next.labels, paths) }
  for (const path of paths) {
    if (path === 'labels' || path.startsWith('labels.')) continue
    if (path === 'target') updated.target = next.target
    else if (path === 'annotations' || path.startsWith('annotations.')) {
      if (updated.target === undefined) continue
      const annotations = mergeMap(
        current.target?.annotations ?? {},
        next.target?.annotations ?? {},
        [path],
        'annotations',
        (value) => value === undefined || value === '',
      )
      updated.target = { ...updated.target, annotations: annotations ?? {} }
    } else throw invalidPath(path, `image ${JSON.stringify(next.name)}`)
  }
  return updated
}

function validate(image: Image): Descriptor {
  const invalid = (what: string) => new StackError('invalid-argument', `${what}: invalid argument`)
  if (image.name === '') throw invalid('image name must not be empty')
  validateLabels(image.labels)
  const target = image.target
  if (target === undefined || target.digest === '') throw invalid('image target is required')
  parseDigest(target.digest)
  if (target.size === 0n) throw invalid('Target.Size must not be zero')
  if (target.size < 0n) throw invalid('Target.Size must not be negative')
  if (target.mediaType === '') throw invalid('Target.MediaType must be set')
  return target
}

function formatDescriptor(descriptor: Descriptor): string {
  const { mediaType, digest, size, annotations } = descriptor
  return JSON.stringify({ mediaType, digest, size: size.toString(), annotations })
}

function parseDescriptor(json: unknown): Descriptor {
  const { size, ...rest } = JSON.parse(String(json)) as { size: string }
  return Descriptor.fromPartial({ ...rest, size: BigInt(size) })
}

function imageOfRow(row: Row): Image {
  return {
    name: String(row.name),
    labels: parseLabels(row.labels),
    target: parseDescriptor(row.target),
    createdAt: timestampOfMicros(Number(row.created_at)),
    updatedAt: timestampOfMicros(Number(row.updated_at)),
  }
}
