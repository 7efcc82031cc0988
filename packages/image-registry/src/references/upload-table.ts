// SPDX-License-Identifier: Apache-2.0
import type { Database } from './database.ts'

/** Uploads that were begun, and when something last came. @internal */
export class UploadTable {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  touch(repository: number, id: string, time: number): void {
    this.#database.run(
      `INSERT INTO uploads (repository, id, touched_at) VALUES (?, ?, ?)
       ON CONFLICT (repository, id) DO UPDATE SET touched_at = excluded.touched_at`,
      repository,
      id,
      Math.trunc(time),
    )
  }

  remove(name: string, id: string): void {
    this.#database.run(
      'DELETE FROM uploads WHERE repository = (SELECT id FROM repositories WHERE name = ?) AND id = ?',
      name,
      id,
    )
  }

  list(repository: number): { id: string; touchedAt: number }[] {
    return this.#database.all(
      'SELECT id, touched_at AS touchedAt FROM uploads WHERE repository = ? ORDER BY id',
      repository,
    )
  }

  /** Those that nothing came for since `before`. */
  stale(before: number): { name: string; id: string }[] {
    return this.#database.all(
      `SELECT r.name, u.id FROM uploads AS u JOIN repositories AS r ON r.id = u.repository
       WHERE u.touched_at < ? ORDER BY u.touched_at`,
      Math.trunc(before),
    )
  }
}
