// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '@teu/oci-spec/image'
import type { BlobTable } from './blob-table.ts'
import type { Database } from './database.ts'

/** A tag of a repository. @internal */
export interface TagRow {
  name: string
  digest: Digest
  updatedAt: number
}

/** Names of manifests within repositories. @internal */
export class TagTable {
  readonly #database: Database
  readonly #blobs: BlobTable

  constructor(database: Database, blobs: BlobTable) {
    this.#database = database
    this.#blobs = blobs
  }

  set(repository: number, name: string, digest: Digest, updatedAt: number): void {
    this.#database.run(
      `INSERT INTO tags (repository, name, blob, updated_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (repository, name) DO UPDATE SET blob = excluded.blob, updated_at = excluded.updated_at`,
      repository,
      name,
      this.#blobs.idOf(digest),
      Math.trunc(updatedAt),
    )
  }

  remove(repository: number, name: string): void {
    this.#database.run('DELETE FROM tags WHERE repository = ? AND name = ?', repository, name)
  }

  find(repository: number, name: string): TagRow | undefined {
    return this.#database.one(
      `SELECT t.name, b.digest, t.updated_at AS updatedAt FROM tags AS t JOIN blobs AS b ON b.id = t.blob
       WHERE t.repository = ? AND t.name = ?`,
      repository,
      name,
    )
  }

  /** In the order of their names, `limit` of them after `last`; all without a limit. */
  list(repository: number, { last = '', limit = -1 }: { last?: string; limit?: number } = {}): TagRow[] {
    return this.#database.all(
      `SELECT t.name, b.digest, t.updated_at AS updatedAt FROM tags AS t JOIN blobs AS b ON b.id = t.blob
       WHERE t.repository = ? AND t.name > ? ORDER BY t.name LIMIT ?`,
      repository,
      last,
      limit,
    )
  }

  /** Only the names, of which there may be many: as one text they come several times faster than as rows. */
  names(name: string, last: string, limit: number): string[] {
    const found = this.#database.one<{ names: string | null }>(
      // No tag has a slash in it.
      `SELECT group_concat(name, '/' ORDER BY name) AS names FROM (
         SELECT name FROM tags WHERE repository = (SELECT id FROM repositories WHERE name = ?) AND name > ?
         ORDER BY name LIMIT ?)`,
      name,
      last,
      limit,
    )
    return found?.names?.split('/') ?? []
  }

  /** The names of one manifest. */
  of(repository: number, digest: Digest): string[] {
    return this.#database
      .all<{ name: string }>(
        'SELECT name FROM tags WHERE repository = ? AND blob = (SELECT id FROM blobs WHERE digest = ?) ORDER BY name',
        repository,
        digest,
      )
      .map((tag) => tag.name)
  }
}
