// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '@teu/oci-spec/image'
import type { Database } from './database.ts'

/** A repository and what its content takes. @internal */
export interface RepositoryRow {
  id: number
  name: string
  /** The lengths of all blobs and manifests that it holds, each once. */
  bytes: number
  /** It has manifests that could not be read, so nobody knows what they point at. */
  unreadable: number
}

/** A blob of a repository. @internal */
export interface MemberRow {
  digest: Digest
  /** `null`: its bytes are missing. */
  size: number | null
  linkedAt: number
}

/** Repositories, and which blobs each holds. @internal */
export class RepositoryTable {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  find(name: string): RepositoryRow | undefined {
    return this.#database.one('SELECT * FROM repositories WHERE name = ?', name)
  }

  /** The number of a repository, which gets a row when it has none. */
  idOf(name: string): number {
    const found = this.find(name)
    if (found !== undefined) return found.id
    return (
      this.#database.one<{ id: number }>('INSERT INTO repositories (name) VALUES (?) RETURNING id', name) as {
        id: number
      }
    ).id
  }

  all(): RepositoryRow[] {
    return this.#database.all('SELECT * FROM repositories ORDER BY name')
  }

  /** Names of those that have manifests, in order, `limit` of them after `last`. */
  catalog(last: string, limit: number): string[] {
    return this.#database
      .all<{ name: string }>(
        `SELECT name FROM repositories AS r WHERE name > ?
         AND EXISTS (SELECT 1 FROM revisions WHERE repository = r.id) ORDER BY name LIMIT ?`,
        last,
        limit,
      )
      .map(({ name }) => name)
  }

  setUnreadable(id: number, unreadable: boolean): void {
    this.#database.run('UPDATE repositories SET unreadable = ? WHERE id = ?', Number(unreadable), id)
  }

  /** Forgets a repository and all that is said of it. */
  remove(id: number): void {
    this.#database.transaction(() => {
      for (const table of ['tags', 'revisions', 'members', 'uploads'])
        this.#database.run(`DELETE FROM ${table} WHERE repository = ?`, id)
      this.#database.run('DELETE FROM repositories WHERE id = ?', id)
    })
  }

  isEmpty(id: number): boolean {
    return (
      this.#database.one(
        `SELECT 1 FROM (SELECT repository FROM members UNION ALL SELECT repository FROM revisions
         UNION ALL SELECT repository FROM uploads UNION ALL SELECT repository FROM tags) WHERE repository = ? LIMIT 1`,
        id,
      ) === undefined
    )
  }

  /** Gives a blob to a repository; one that it has stays as old as it is. */
  addMember(repository: number, blob: number, linkedAt: number): void {
    this.#database.run(
      'INSERT INTO members (repository, blob, linked_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      repository,
      blob,
      Math.trunc(linkedAt),
    )
  }

  removeMember(repository: number, blob: number): void {
    this.#database.run('DELETE FROM members WHERE repository = ? AND blob = ?', repository, blob)
  }

  hasMember(name: string, digest: Digest): boolean {
    return (
      this.#database.one(
        `SELECT 1 FROM members WHERE repository = (SELECT id FROM repositories WHERE name = ?)
         AND blob = (SELECT id FROM blobs WHERE digest = ?)`,
        name,
        digest,
      ) !== undefined
    )
  }

  /** What {@link RepositoryRow.bytes} has to be, by counting. */
  countedBytes(repository: number): number {
    return (
      this.#database.one<{ bytes: number }>(
        `SELECT ifnull(sum(size), 0) AS bytes FROM blobs WHERE id IN
         (SELECT blob FROM members WHERE repository = ?1 UNION SELECT blob FROM revisions WHERE repository = ?1)`,
        repository,
      ) as { bytes: number }
    ).bytes
  }

  members(repository: number): MemberRow[] {
    return this.#database.all(
      `SELECT digest, size, linked_at AS linkedAt FROM members JOIN blobs ON id = blob WHERE repository = ? ORDER BY digest`,
      repository,
    )
  }
}
