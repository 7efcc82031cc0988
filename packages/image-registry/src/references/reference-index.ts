// SPDX-License-Identifier: Apache-2.0
import { BlobTable } from './blob-table.ts'
import { Database } from './database.ts'
import { GarbageTable } from './garbage-table.ts'
import { ManifestTable } from './manifest-table.ts'
import { RepositoryTable } from './repository-table.ts'
import { Statistics } from './statistics.ts'
import { TagTable } from './tag-table.ts'
import { UploadTable } from './upload-table.ts'

/**
 * Who holds what, and what points at what: tags, manifests, membership, uploads and times of access. It is a cache of
 * what lies in the storage, kept in step with it; what an earlier run wrote is believed once the storage has confirmed it.
 *
 * @internal
 */
export class ReferenceIndex {
  readonly blobs: BlobTable
  readonly repositories: RepositoryTable
  readonly manifests: ManifestTable
  readonly tags: TagTable
  readonly uploads: UploadTable
  readonly garbage: GarbageTable
  readonly statistics: Statistics
  readonly #database: Database

  /** Opens the index in a file, or `:memory:`. Fails with `failed-precondition` when another process has it open. */
  constructor(file: string) {
    const database = Database.open(file)
    this.#database = database
    this.blobs = new BlobTable(database, nextRun(database))
    this.repositories = new RepositoryTable(database)
    this.manifests = new ManifestTable(database, this.blobs)
    this.tags = new TagTable(database, this.blobs)
    this.uploads = new UploadTable(database)
    this.garbage = new GarbageTable(database)
    this.statistics = new Statistics(database)
  }

  /** Runs `work`, which awaits nothing: all of it or, when it throws, nothing. See {@link Database.transaction}. */
  transaction<T>(work: () => T, options: { reserve?: boolean } = {}): T {
    return this.#database.transaction(work, options)
  }

  /** A number that is kept under a name. */
  fact(name: string): number | undefined {
    return this.#database.one<{ value: number }>('SELECT value FROM facts WHERE name = ?', name)?.value
  }

  setFact(name: string, value: number): void {
    this.#database.run(
      'INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      name,
      Math.trunc(value),
    )
  }

  /** Puts back what is given up when the disk is full. */
  keepReserve(): void {
    this.#database.keepReserve()
  }

  close(): void {
    this.#database.close()
  }
}

function nextRun(database: Database): number {
  return database.transaction(() => {
    const run = (database.one<{ value: number }>("SELECT value FROM facts WHERE name = 'run'")?.value ?? 0) + 1
    database.run(
      "INSERT INTO facts (name, value) VALUES ('run', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      run,
    )
    return run
  })
}
