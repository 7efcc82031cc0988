// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { StackError } from '@teu/errors'
import type { ContainerRecord } from './container.ts'

/** The version of the tables; a newer one on disk is refused, untouched. */
const schemaVersion = 1

/** How a change must survive: `durable` a power cut, `kept` only the end of the engine. */
export type Durability = 'durable' | 'kept'

/** The records of all containers on disk: one row each, one transaction a change. */
export class ContainerStore implements Disposable {
  readonly #database: DatabaseSync
  readonly #save: StatementSync
  readonly #remove: StatementSync
  #durability: Durability | undefined

  /** Opens or makes the database. `failed-precondition` when it is of a newer version. */
  constructor(file: string) {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o710 })
    this.#database = new DatabaseSync(file)
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000')
    const { user_version: found } = this.#database.prepare('PRAGMA user_version').get() as { user_version: number }
    if (found > schemaVersion) {
      this.#database.close()
      throw new StackError('failed-precondition', `${file} was written by a newer engine (schema ${found})`)
    }
    this.#database.exec(`
      CREATE TABLE IF NOT EXISTS containers (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, record TEXT NOT NULL)
        STRICT, WITHOUT ROWID;
      PRAGMA user_version = ${schemaVersion}`)
    this.#save = this.#database.prepare(
      'INSERT INTO containers (id, name, record) VALUES (?1, ?2, ?3) ' +
        'ON CONFLICT (id) DO UPDATE SET name = ?2, record = ?3',
    )
    this.#remove = this.#database.prepare('DELETE FROM containers WHERE id = ?1')
  }

  load(): ContainerRecord[] {
    const rows = this.#database.prepare('SELECT record FROM containers').all() as { record: string }[]
    return rows.map(({ record }) => JSON.parse(record) as ContainerRecord)
  }

  /** Writes a record. A name that another container has is `conflict`. */
  save(record: ContainerRecord, durability: Durability): void {
    this.#commit(durability)
    this.#save.run(record.id, record.name, JSON.stringify(record))
  }

  remove(id: string): void {
    this.#commit('durable')
    this.#remove.run(id)
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }

  /** WAL with FULL syncs at each commit, with NORMAL only at checkpoints. */
  #commit(durability: Durability): void {
    if (this.#durability === durability) return
    this.#database.exec(`PRAGMA synchronous = ${durability === 'durable' ? 'FULL' : 'NORMAL'}`)
    this.#durability = durability
  }
}
