// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '@teu/oci-spec/image'
import type { Database } from './database.ts'

/** A blob that a repository holds and none of its manifests needs. @internal */
export interface IdleMember {
  repository: number
  name: string
  blob: number
  digest: Digest
}

/** Bytes that nothing speaks of any more. @internal */
export interface IdleBlob {
  blob: number
  digest: Digest
  size: number
}

/**
 * What a collection asks the index. It goes through the blobs by number, a window at a time, so that each question takes
 * a few milliseconds however many there are. What a dry run would take away is put in tables of its own, which the
 * questions look at; otherwise these are empty.
 *
 * @internal
 */
export class GarbageTable {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
    database.run(
      'CREATE TEMP TABLE gone_revisions (repository INTEGER, blob INTEGER, PRIMARY KEY (repository, blob)) WITHOUT ROWID',
    )
    database.run(
      'CREATE TEMP TABLE gone_members (blob INTEGER, repository INTEGER, PRIMARY KEY (blob, repository)) WITHOUT ROWID',
    )
  }

  /** Begins a collection. */
  reset(): void {
    this.#database.run('DELETE FROM gone_revisions')
    this.#database.run('DELETE FROM gone_members')
  }

  /** The end of the numbers that there are. */
  lastBlob(): number {
    return this.#database.one<{ last: number | null }>('SELECT max(id) AS last FROM blobs')?.last ?? 0
  }

  /**
   * Manifests of a repository that came, and were asked for, before `before`, that have no tag, belong to no index that
   * stays, and are about no manifest that stays.
   */
  untagged(repository: number, before: number): { blob: number; digest: Digest; size: number | null }[] {
    return this.#database.all(
      `WITH RECURSIVE live (blob) AS (
         SELECT blob FROM tags WHERE repository = ?1
         UNION SELECT v.blob FROM revisions AS v JOIN blobs AS b ON b.id = v.blob
           WHERE v.repository = ?1 AND (v.linked_at >= ?2 OR b.seen_at >= ?2)
         UNION SELECT f.target FROM live JOIN refs AS f ON f.manifest = live.blob
         UNION SELECT c.blob FROM live JOIN contents AS c ON c.subject = live.blob
           JOIN revisions AS v ON v.repository = ?1 AND v.blob = c.blob
       )
       SELECT v.blob, b.digest, b.size FROM revisions AS v JOIN blobs AS b ON b.id = v.blob
       WHERE v.repository = ?1 AND v.blob NOT IN (SELECT blob FROM live)`,
      repository,
      Math.trunc(before),
    )
  }

  /** Blobs numbered over `after` up to `to` that a repository holds, came and were asked for before `before`, and needs not. */
  idleMembers(after: number, to: number, before: number): IdleMember[] {
    return this.#database.all(
      `SELECT m.repository, r.name, m.blob, b.digest
       FROM members AS m JOIN blobs AS b ON b.id = m.blob JOIN repositories AS r ON r.id = m.repository
       WHERE m.blob > ?1 AND m.blob <= ?2 AND m.linked_at < ?3 AND b.seen_at < ?3 AND r.unreadable = 0
       AND NOT EXISTS (
         SELECT 1 FROM revisions AS v WHERE v.repository = m.repository AND v.blob = m.blob
         AND NOT EXISTS (SELECT 1 FROM gone_revisions AS g WHERE g.repository = v.repository AND g.blob = v.blob))
       AND NOT EXISTS (
         SELECT 1 FROM refs AS f JOIN revisions AS v ON v.blob = f.manifest AND v.repository = m.repository
         WHERE f.target = m.blob
         AND NOT EXISTS (SELECT 1 FROM gone_revisions AS g WHERE g.repository = v.repository AND g.blob = v.blob))`,
      after,
      to,
      Math.trunc(before),
    )
  }

  /** Stored blobs numbered over `after` up to `to`, old enough, that no repository holds and no manifest anywhere needs. */
  idleBlobs(after: number, to: number, before: number): IdleBlob[] {
    return this.#database.all(
      `SELECT b.id AS blob, b.digest, b.size FROM blobs AS b
       WHERE b.id > ?1 AND b.id <= ?2 AND b.size IS NOT NULL AND b.stored_at < ?3 AND b.seen_at < ?3
       AND NOT EXISTS (
         SELECT 1 FROM members AS m WHERE m.blob = b.id
         AND NOT EXISTS (SELECT 1 FROM gone_members AS g WHERE g.repository = m.repository AND g.blob = m.blob))
       AND NOT EXISTS (
         SELECT 1 FROM revisions AS v WHERE v.blob = b.id
         AND NOT EXISTS (SELECT 1 FROM gone_revisions AS g WHERE g.repository = v.repository AND g.blob = v.blob))
       AND NOT EXISTS (
         SELECT 1 FROM refs AS f JOIN revisions AS v ON v.blob = f.manifest WHERE f.target = b.id
         AND NOT EXISTS (SELECT 1 FROM gone_revisions AS g WHERE g.repository = v.repository AND g.blob = v.blob))`,
      after,
      to,
      Math.trunc(before),
    )
  }

  /** Counts a manifest, or a blob, of a repository as gone, for a dry run. */
  pretend(table: 'gone_revisions' | 'gone_members', repository: number, blob: number): void {
    this.#database.run(`INSERT INTO ${table} (repository, blob) VALUES (?, ?) ON CONFLICT DO NOTHING`, repository, blob)
  }

  /** How many repositories hold nothing but what counts as gone, and uploads that nothing came for since `before`. */
  emptied(before: number): number {
    return (
      this.#database.one<{ count: number }>(
        `SELECT count(*) AS count FROM repositories AS r WHERE r.unreadable = 0
         AND NOT EXISTS (SELECT 1 FROM tags AS t WHERE t.repository = r.id)
         AND NOT EXISTS (SELECT 1 FROM uploads AS u WHERE u.repository = r.id AND u.touched_at >= ?)
         AND NOT EXISTS (
           SELECT 1 FROM members AS m WHERE m.repository = r.id
           AND NOT EXISTS (SELECT 1 FROM gone_members AS g WHERE g.repository = m.repository AND g.blob = m.blob))
         AND NOT EXISTS (
           SELECT 1 FROM revisions AS v WHERE v.repository = r.id
           AND NOT EXISTS (SELECT 1 FROM gone_revisions AS g WHERE g.repository = v.repository AND g.blob = v.blob))`,
        Math.trunc(before),
      ) as { count: number }
    ).count
  }

  /** Forgets descriptions of manifests that no repository holds, and digests that nothing mentions. */
  tidy(): void {
    this.#database.transaction(() => {
      this.#database.run(
        'DELETE FROM contents WHERE NOT EXISTS (SELECT 1 FROM revisions AS v WHERE v.blob = contents.blob)',
      )
      this.#database.run('DELETE FROM refs WHERE NOT EXISTS (SELECT 1 FROM contents AS c WHERE c.blob = refs.manifest)')
      this.#database.run(
        `DELETE FROM blobs WHERE size IS NULL
         AND NOT EXISTS (SELECT 1 FROM members AS m WHERE m.blob = blobs.id)
         AND NOT EXISTS (SELECT 1 FROM revisions AS v WHERE v.blob = blobs.id)
         AND NOT EXISTS (SELECT 1 FROM refs AS f WHERE f.target = blobs.id)
         AND NOT EXISTS (SELECT 1 FROM tags AS t WHERE t.blob = blobs.id)
         AND NOT EXISTS (SELECT 1 FROM contents AS c WHERE c.subject = blobs.id)`,
      )
    })
  }
}
