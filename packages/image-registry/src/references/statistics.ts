// SPDX-License-Identifier: Apache-2.0
import type { Database } from './database.ts'

/** What one repository holds, and what only it does. @internal */
export interface RepositoryCounts {
  name: string
  tags: number
  manifests: number
  blobs: number
  bytes: number
  exclusiveBytes: number
}

/** Sums over the whole index. @internal */
export class Statistics {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  repositories(): RepositoryCounts[] {
    const rows = this.#database.all<RepositoryCounts>(
      `WITH held (repository, blob) AS (SELECT repository, blob FROM members UNION SELECT repository, blob FROM revisions),
       alone (blob, repository) AS (SELECT blob, min(repository) FROM held GROUP BY blob HAVING count(*) = 1),
       exclusive (repository, bytes) AS (SELECT repository, sum(size) FROM alone JOIN blobs ON id = blob GROUP BY repository)
       SELECT r.name,
         (SELECT count(*) FROM tags WHERE repository = r.id) AS tags,
         (SELECT count(*) FROM revisions WHERE repository = r.id) AS manifests,
         (SELECT count(*) FROM members WHERE repository = r.id) AS blobs,
         r.bytes, ifnull(e.bytes, 0) AS exclusiveBytes
       FROM repositories AS r LEFT JOIN exclusive AS e ON e.repository = r.id ORDER BY r.name`,
    )
    return rows.map((row) => ({ ...row }))
  }

  /** Stored bytes that no manifest of any repository needs and that are none. */
  unreferenced(): { count: number; bytes: number } {
    const row = this.#database.one<{ count: number; bytes: number }>(
      `SELECT count(*) AS count, ifnull(sum(size), 0) AS bytes FROM blobs AS b WHERE size IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM revisions AS v WHERE v.blob = b.id)
       AND NOT EXISTS (SELECT 1 FROM refs AS f JOIN revisions AS v ON v.blob = f.manifest WHERE f.target = b.id)`,
    )
    return { count: 0, bytes: 0, ...row }
  }
}
