// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { StackError } from '@teu/errors'
import { schema, schemaVersion } from './schema.ts'

/** SQLite's result codes that are told apart here. */
const codes = { busy: 5, ioError: 10, corrupt: 11, full: 13, notADatabase: 26 }

/** Given up when the disk is full, so that what frees space can still be written down. */
const reserveSize = 1024 * 1024

/** Where an index lives that ends with its process. @internal */
export const inMemory = ':memory:'

/**
 * The tables of an index. Everything here happens at once, between two turns of the event loop, so a transaction needs
 * no lock against the other work of this process; against other processes the file is locked while it is open.
 *
 * @internal
 */
export class Database {
  readonly #file: string
  readonly #connection: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  #depth = 0

  private constructor(file: string, connection: DatabaseSync) {
    this.#file = file
    this.#connection = connection
  }

  /**
   * Opens an index, making it when it is missing. One that is damaged, or of another version, is replaced by an empty one: what it held
   * can be read from the storage again. Fails with `failed-precondition` when another process has it open.
   */
  static open(file: string): Database {
    try {
      return Database.#openOnce(file)
    } catch (error) {
      if (file === inMemory || !isDamage(error)) throw error
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
      return Database.#openOnce(file)
    }
  }

  static #openOnce(file: string): Database {
    if (file !== inMemory) mkdirSync(path.dirname(file), { recursive: true })
    const connection = new DatabaseSync(file)
    try {
      // Exclusive before the journal is opened: then it needs no shared memory, and the lock lasts until close.
      connection.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;')
      connection.exec('PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY; BEGIN EXCLUSIVE')
      const version = (connection.prepare('PRAGMA user_version').get() as { user_version: number }).user_version
      const isEmpty = connection.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
      if (!isEmpty && version !== schemaVersion) throw new Obsolete()
      if (isEmpty) connection.exec(`${schema}; PRAGMA user_version = ${schemaVersion}`)
      connection.exec('COMMIT')
    } catch (error) {
      connection.close()
      if (!hasResult(error, codes.busy)) throw error
      throw new StackError('failed-precondition', `${file}: another registry uses this storage`, { cause: error })
    }
    const database = new Database(file, connection)
    database.keepReserve()
    return database
  }

  /**
   * Runs `work`, all of it or, when it throws, nothing. One inside another belongs to the outer one. On a full disk it
   * takes the reserve, unless `reserve` is false: for what is not done yet, and had better be refused.
   */
  transaction<T>(work: () => T, { reserve = true }: { reserve?: boolean } = {}): T {
    if (this.#depth > 0) return work()
    try {
      return this.#attempt(work)
    } catch (error) {
      if (!reserve || !isFull(error) || this.#file === inMemory) throw error
      rmSync(this.#reserve, { force: true })
      return this.#attempt(work)
    }
  }

  #attempt<T>(work: () => T): T {
    this.#connection.exec('BEGIN')
    this.#depth++
    try {
      const result = work()
      this.#connection.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK')
      if (!isFull(error)) throw error
      throw new StackError('resource-exhausted', `${this.#file}: no space left`, { cause: error })
    } finally {
      this.#depth--
    }
  }

  /** The first row of a query. */
  one<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values) as Row | undefined
  }

  /** All rows of a query. */
  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepared(sql).all(...values) as Row[]
  }

  /** The rows of a query one by one; nothing else may be asked of the same query before the last. */
  each<Row>(sql: string, ...values: SQLInputValue[]): Iterable<Row> {
    return this.#prepared(sql).iterate(...values) as Iterable<Row>
  }

  /** Changes rows; answers how many. Outside of {@link transaction} it is one of its own. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return this.transaction(() => Number(this.#prepared(sql).run(...values).changes))
  }

  /** Puts the reserve for a full disk back, when there is room for it. */
  keepReserve(): void {
    if (this.#file === inMemory) return
    try {
      // Not zeros: some file systems would keep none of them.
      writeFileSync(this.#reserve, Buffer.alloc(reserveSize, 'reserve '), { flag: 'wx' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') rmSync(this.#reserve, { force: true })
    }
  }

  close(): void {
    this.#statements.clear()
    this.#connection.close()
  }

  get #reserve(): string {
    return `${this.#file}.reserve`
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#connection.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

class Obsolete extends Error {}

function isDamage(error: unknown): boolean {
  return error instanceof Obsolete || hasResult(error, codes.corrupt) || hasResult(error, codes.notADatabase)
}

function isFull(error: unknown): boolean {
  const inner = error instanceof StackError ? error.cause : error
  return hasResult(inner, codes.full) || hasResult(inner, codes.ioError)
}

/** Extended results carry the plain one in their low byte. */
function hasResult(error: unknown, code: number): boolean {
  const { errcode } = error as { errcode?: unknown }
  return typeof errcode === 'number' && (errcode & 0xff) === code
}
