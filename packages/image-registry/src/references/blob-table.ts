// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '@teu/oci-spec/image'
import type { Database } from './database.ts'

/** A blob that is stored, or only spoken of. @internal */
export interface BlobRow {
  id: number
  /** `null`: nobody has seen its bytes. */
  size: number | null
  storedAt: number
  seenAt: number
  /** Whether this run has seen the bytes, or their absence, in the storage. */
  isConfirmed: boolean
}

interface Stored {
  id: number
  size: number | null
  stored_at: number
  seen_at: number
  confirmed: number
}

/** Content by digest. @internal */
export class BlobTable {
  readonly #database: Database
  readonly #run: number

  constructor(database: Database, run: number) {
    this.#database = database
    this.#run = run
  }

  find(digest: Digest): BlobRow | undefined {
    const row = this.#database.one<Stored>('SELECT * FROM blobs WHERE digest = ?', digest)
    return row && { ...row, storedAt: row.stored_at, seenAt: row.seen_at, isConfirmed: row.confirmed === this.#run }
  }

  /** The number of a digest, which gets a row when it has none. */
  idOf(digest: Digest): number {
    const found = this.#database.one<{ id: number }>('SELECT id FROM blobs WHERE digest = ?', digest)
    if (found !== undefined) return found.id
    return (
      this.#database.one<{ id: number }>('INSERT INTO blobs (digest) VALUES (?) RETURNING id', digest) as { id: number }
    ).id
  }

  /** Bytes were put, or seen, in the storage. */
  stored(digest: Digest, size: number, storedAt: number): void {
    this.#database.run(
      `INSERT INTO blobs (digest, size, stored_at, confirmed) VALUES (?, ?, ?, ?)
       ON CONFLICT (digest) DO UPDATE SET size = excluded.size, stored_at = excluded.stored_at, confirmed = excluded.confirmed`,
      digest,
      size,
      Math.trunc(storedAt),
      this.#run,
    )
  }

  /** There are no bytes in the storage. */
  missing(digest: Digest): void {
    this.#database.run('UPDATE blobs SET size = NULL, confirmed = ? WHERE digest = ?', this.#run, digest)
  }

  /** Whether there are bytes is to be asked again. */
  doubt(digest: Digest): void {
    this.#database.run('UPDATE blobs SET confirmed = 0 WHERE digest = ?', digest)
  }

  /** Takes back what no walk of the whole storage came by. Answers how many. */
  missingUnconfirmed(): number {
    return this.#database.run(
      'UPDATE blobs SET size = NULL, confirmed = ?1 WHERE confirmed <> ?1 AND size IS NOT NULL',
      this.#run,
    )
  }

  /** Notes when callers asked, milliseconds since 1970 by digest. */
  seen(times: ReadonlyMap<Digest, number>): void {
    this.#database.transaction(() => {
      for (const [digest, time] of times) {
        this.#database.run('UPDATE blobs SET seen_at = ?1 WHERE digest = ?2 AND seen_at < ?1', time, digest)
      }
    })
  }

  /** How many are stored, and how long they are together. */
  totals(): { count: number; bytes: number } {
    return this.#database.one(
      'SELECT count(*) AS count, ifnull(sum(size), 0) AS bytes FROM blobs WHERE size IS NOT NULL',
    ) as { count: number; bytes: number }
  }
}
