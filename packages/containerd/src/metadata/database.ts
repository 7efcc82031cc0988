// SPDX-License-Identifier: Apache-2.0
import { renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { StackError } from '@teu/errors'
import { makeDurableDirectory, syncDirectory } from '@teu/linux'
import { migrations } from './migrations.ts'
import { WalSync } from './wal-sync.ts'

/** A value in a column. */
export type SqlValue = string | number | bigint | null | Uint8Array

/** A row, by column. */
export type Row = Record<string, SqlValue>

/** A setting that stands from the making of the file until what lay there before is out of the way. */
const unsettled = 'unsettled'

/** How a change is committed. */
export interface WriteOptions {
  /**
   * Whether the promise waits for the disk. False for what can be rebuilt or may be lost with the machine's power.
   * @defaultValue true
   */
  durable?: boolean
}

/**
 * The metadata of the daemon: one SQLite file with a write-ahead log. Reads see what was committed last. Changes are
 * made by one writer, whole or not at all, and are acknowledged when they are on the disk.
 */
export class MetadataDatabase implements AsyncDisposable {
  /** The file. */
  readonly path: string
  readonly #database: DatabaseSync
  readonly #log: WalSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #listeners: (() => void)[] = []
  #writing = false

  private constructor(path: string, database: DatabaseSync, log: WalSync) {
    this.path = path
    this.#database = database
    this.#log = log
  }

  /**
   * Opens the file, or makes it, and brings its schema up to date.
   *
   * @throws `failed-precondition` when a newer version of the daemon has written it, `data-loss` when it is damaged
   */
  static async open(path: string): Promise<MetadataDatabase> {
    await makeDurableDirectory(dirname(path), 0o700)
    const endedUncleanly = sizeOf(`${path}-wal`) > 0
    if (endedUncleanly && sizeOf(path) === 0) setLogAside(path)
    let database: DatabaseSync
    try {
      database = new DatabaseSync(path)
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON')
      if (endedUncleanly) checkPages(database)
      migrate(database, path)
    } catch (error) {
      if (error instanceof StackError) throw error
      const advice = 'move it and its -wal away to start with an empty store, what the old one knew is set aside then'
      throw new StackError('data-loss', `open metadata ${path}: ${(error as Error).message}; ${advice}`, {
        cause: error,
      })
    }
    const log = await WalSync.open(`${path}-wal`)
    await log.sync()
    syncDirectory(dirname(path))
    return new MetadataDatabase(path, database, log)
  }

  /** Whether the file is new, and nobody has looked yet at what lies on the disk without a record in it. */
  get unsettled(): boolean {
    return this.get('SELECT 1 FROM settings WHERE key = ?', unsettled) !== undefined
  }

  /** Says that what has no record now may be removed. */
  async settle(): Promise<void> {
    await this.write(() => this.run('DELETE FROM settings WHERE key = ?', unsettled))
  }

  /** The first row of a query. */
  get(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined
  }

  /** All rows of a query. */
  all(sql: string, ...values: SqlValue[]): Row[] {
    return this.#statement(sql).all(...values) as Row[]
  }

  /** {@link all}, one row at a time. Nothing may be written before the last one. */
  iterate(sql: string): Iterable<Row> {
    return this.#database.prepare(sql).iterate() as Iterable<Row>
  }

  /** {@link all} for a query that is made for one call: its statement is not kept. */
  allOnce(sql: string, ...values: SqlValue[]): Row[] {
    return this.#database.prepare(sql).all(...values) as Row[]
  }

  /** Changes rows, and says how many. Only inside {@link write}. */
  run(sql: string, ...values: SqlValue[]): { changes: number; lastId: number } {
    if (!this.#writing) throw new StackError('internal', 'metadata changed outside a write')
    const { changes, lastInsertRowid } = this.#statement(sql).run(...values)
    return { changes: Number(changes), lastId: Number(lastInsertRowid) }
  }

  /**
   * Makes a change: all that `change` does, or nothing when it throws. It must not await. A write inside another one
   * joins it.
   */
  async write<T>(change: () => T, options: WriteOptions = {}): Promise<T> {
    const result = this.writeNow(change)
    if (options.durable ?? true) await this.#log.sync()
    return result
  }

  /** {@link write} without waiting for the disk. */
  writeNow<T>(change: () => T): T {
    if (this.#writing) return change()
    this.#log.check()
    this.#database.exec('BEGIN IMMEDIATE')
    this.#writing = true
    try {
      const result = change()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    } finally {
      this.#writing = false
      for (const listener of this.#listeners) listener()
    }
  }

  /** Settles when every change so far is on the disk. */
  sync(): Promise<void> {
    return this.#log.sync()
  }

  /** Calls `listener` after every change. */
  onWrite(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Makes a function that statements of this connection can call. */
  define(name: string, call: (...values: SqlValue[]) => SqlValue): void {
    this.#database.function(name, { varargs: true }, call as (...values: unknown[]) => SqlValue)
  }

  /** Makes what only this connection has, and the file has not: temporary triggers. */
  install(sql: string): void {
    this.#database.exec(sql)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log.sync().catch(() => {})
    this.#database.close()
    await this.#log.close()
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

function migrate(database: DatabaseSync, path: string): void {
  const { user_version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
  if (user_version > migrations.length)
    throw new StackError(
      'failed-precondition',
      `metadata ${path} has schema ${user_version}, this daemon knows ${migrations.length}: use the newer daemon`,
    )
  for (let version = user_version; version < migrations.length; version++) {
    const mark = version === 0 ? `INSERT INTO settings VALUES ('${unsettled}', '');` : ''
    // The version is part of the same transaction, so that a step is done once whenever the daemon is killed.
    database.exec(`BEGIN IMMEDIATE; ${migrations[version]}; ${mark} PRAGMA user_version = ${version + 1}; COMMIT`)
  }
}

/** @throws when pages are not what SQLite has written */
function checkPages(database: DatabaseSync): void {
  const { quick_check: found } = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string }
  if (found !== 'ok') throw new Error(found)
}

/** A log without its file would be played into the new one, which would then pass for one that knows everything. */
function setLogAside(path: string): void {
  renameSync(`${path}-wal`, `${path}-wal.lost-${Date.now()}`)
  syncDirectory(dirname(path))
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
