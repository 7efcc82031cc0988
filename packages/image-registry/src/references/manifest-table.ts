// SPDX-License-Identifier: Apache-2.0
import type { Descriptor, Digest } from '@teu/oci-spec/image'
import type { BlobTable } from './blob-table.ts'
import type { Database } from './database.ts'
import type { ManifestFacts } from './manifest-facts.ts'
import { type ReferrerList, type ReferrerPage, takePage } from './referrer-page.ts'

/** A manifest of a repository. @internal */
export interface ManifestRow {
  digest: Digest
  /** `null`: its bytes are missing. */
  size: number | null
  mediaType: string
  linkedAt: number
}

interface ReferrerRow {
  digest: Digest
  size: number
  media_type: string
  artifact_type: string | null
  annotations: string | null
}

const row = 'b.digest, b.size, c.media_type AS mediaType, r.linked_at AS linkedAt'
const from = 'revisions AS r JOIN blobs AS b ON b.id = r.blob JOIN contents AS c ON c.blob = r.blob'

/** Manifests: what is in them, once, and which repositories hold them. @internal */
export class ManifestTable {
  readonly #database: Database
  readonly #blobs: BlobTable

  constructor(database: Database, blobs: BlobTable) {
    this.#database = database
    this.#blobs = blobs
  }

  /** Keeps what a manifest says. */
  describe(digest: Digest, facts: ManifestFacts): void {
    this.#database.transaction(() => {
      const blob = this.#blobs.idOf(digest)
      const subject = facts.subject === undefined ? null : this.#blobs.idOf(facts.subject)
      const isNew = this.#database.run(
        `INSERT INTO contents (blob, media_type, artifact_type, annotations, subject) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
        blob,
        facts.mediaType,
        facts.artifactType ?? null,
        facts.annotations === undefined ? null : JSON.stringify(facts.annotations),
        subject,
      )
      if (isNew === 0) return
      for (const target of facts.targets) {
        this.#database.run(
          'INSERT INTO refs (manifest, target) VALUES (?, ?) ON CONFLICT DO NOTHING',
          blob,
          this.#blobs.idOf(target),
        )
      }
    })
  }

  isDescribed(digest: Digest): boolean {
    return (
      this.#database.one('SELECT 1 FROM contents WHERE blob = (SELECT id FROM blobs WHERE digest = ?)', digest) !==
      undefined
    )
  }

  /** Gives a manifest to a repository. */
  link(repository: number, digest: Digest, linkedAt: number): void {
    this.#database.run(
      'INSERT INTO revisions (repository, blob, linked_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      repository,
      this.#blobs.idOf(digest),
      Math.trunc(linkedAt),
    )
  }

  /** Takes it away, with the tags that name it. */
  unlink(repository: number, digest: Digest): void {
    this.#database.transaction(() => {
      const blob = this.#blobs.idOf(digest)
      this.#database.run('DELETE FROM tags WHERE repository = ? AND blob = ?', repository, blob)
      this.#database.run('DELETE FROM revisions WHERE repository = ? AND blob = ?', repository, blob)
    })
  }

  find(name: string, digest: Digest): ManifestRow | undefined {
    return this.#database.one(
      `SELECT ${row} FROM ${from} WHERE b.digest = ? AND r.repository = (SELECT id FROM repositories WHERE name = ?)`,
      digest,
      name,
    )
  }

  findTagged(name: string, tag: string): ManifestRow | undefined {
    return this.#database.one(
      `SELECT ${row} FROM tags AS t JOIN ${from} WHERE r.repository = t.repository AND r.blob = t.blob
       AND t.name = ? AND t.repository = (SELECT id FROM repositories WHERE name = ?)`,
      tag,
      name,
    )
  }

  all(repository: number): ManifestRow[] {
    return this.#database.all(`SELECT ${row} FROM ${from} WHERE r.repository = ? ORDER BY b.digest`, repository)
  }

  /** The digests of all that a repository holds, also of those that nobody could describe. */
  linked(repository: number): Digest[] {
    return this.#database
      .all<{ digest: Digest }>('SELECT digest FROM revisions JOIN blobs ON id = blob WHERE repository = ?', repository)
      .map(({ digest }) => digest)
  }

  /** What a manifest points at. */
  targets(digest: Digest): Digest[] {
    return this.#database
      .all<{ digest: Digest }>(
        `SELECT digest FROM refs JOIN blobs ON id = target WHERE manifest = (SELECT id FROM blobs WHERE digest = ?)`,
        digest,
      )
      .map((target) => target.digest)
  }

  /** Descriptors of a repository's manifests about another, by digest. */
  referrers(name: string, subject: Digest, page: ReferrerPage): ReferrerList {
    const rows = this.#database.each<ReferrerRow>(
      `SELECT b.digest, b.size, c.media_type, c.artifact_type, c.annotations FROM ${from}
       WHERE c.subject = (SELECT id FROM blobs WHERE digest = ?1) AND r.repository = (SELECT id FROM repositories WHERE name = ?2)
       AND (?3 IS NULL OR c.artifact_type = ?3) AND b.digest > ?4 AND b.size IS NOT NULL ORDER BY b.digest LIMIT ?5`,
      subject,
      name,
      page.artifactType ?? null,
      page.last,
      page.limit + 1,
    )
    return takePage(Iterator.from(rows).map(describedBy), page)
  }
}

function describedBy({ digest, size, media_type, artifact_type, annotations }: ReferrerRow): Descriptor {
  return {
    mediaType: media_type,
    digest,
    size,
    ...(artifact_type && { artifactType: artifact_type }),
    ...(annotations && { annotations: JSON.parse(annotations) as Record<string, string> }),
  }
}
