// SPDX-License-Identifier: Apache-2.0
import { messageOf } from '@teu/errors'
import { TreeWorkers } from '../diff/tree-workers.ts'
import type { Logger } from '../log/logger.ts'
import type { MetadataDatabase } from '../metadata/database.ts'
import { bootId } from './boot-id.ts'

/** The parts with which a {@link SnapshotSync} syncs the snapshots of one snapshotter. */
export interface SnapshotSyncComponents {
  database: MetadataDatabase
  snapshotter: string
  /** A folder on the file system that has the snapshots. */
  root: string
  log: Logger
}

/** How long after a commit the file system is synced, and how long at most, in milliseconds. */
const delays = { calm: 1000, most: 5000 } as const

/** In place of a boot: this one's sync failed, and what was to be written may be gone from the memory as well. */
const failed = 'failed'

/**
 * Sees to it that a committed snapshot is on the disk, without making its commit wait: a mark that is written with the
 * record says which boot has its files in memory alone, and is taken off when the file system was synced, once for
 * all commits of a few seconds. A mark of another boot is a power cut: those files may be empty, and nothing tells.
 */
export class SnapshotSync implements AsyncDisposable {
  readonly #c: SnapshotSyncComponents
  readonly #boot = bootId()
  /** A thread of its own: syncing takes as long as the disk does, and layers are not to wait for it. */
  readonly #workers = new TreeWorkers(1)
  #timer: NodeJS.Timeout | undefined
  #firstWaiting = 0
  #running: Promise<void> | undefined

  constructor(components: SnapshotSyncComponents) {
    this.#c = components
  }

  /** Notes that the files of a snapshot are in memory alone. Only inside a write. */
  mark(id: number): void {
    this.#c.database.run('INSERT OR REPLACE INTO unsynced_snapshots VALUES (?, ?)', id, this.#boot)
  }

  /** The snapshots whose files may be gone. */
  lost(): number[] {
    const sql = `SELECT u.id FROM unsynced_snapshots u JOIN snapshots s ON s.id = u.id
      WHERE s.snapshotter = ? AND u.boot <> ?`
    return this.#c.database.all(sql, this.#c.snapshotter, this.#boot).map((row) => Number(row.id))
  }

  /** Syncs soon. Commits that follow one another push it back, but not for long. */
  schedule(): void {
    const now = performance.now()
    if (this.#timer === undefined) this.#firstWaiting = now
    clearTimeout(this.#timer)
    const wait = Math.min(delays.calm, Math.max(0, this.#firstWaiting + delays.most - now))
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.flush()
    }, wait).unref()
  }

  /** Settles when everything that is marked now is on the disk, or could not be brought there. */
  async flush(): Promise<void> {
    // A sync that is under way may have passed what was written since.
    await this.#running
    this.#running = this.#sync()
    await this.#running
  }

  /** Syncs what is left: a machine that is shut down in order is to lose nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer)
    await this.flush()
    await this.#workers[Symbol.asyncDispose]()
  }

  async #sync(): Promise<void> {
    const { database, root, log, snapshotter } = this.#c
    const ids = this.#marked()
    if (ids.length === 0) return
    try {
      await this.#workers.run('sync', { root })
      this.#each(ids, 'DELETE FROM unsynced_snapshots WHERE id = ? AND boot = ?', (id) => [id, this.#boot])
    } catch (error) {
      log.error(
        { snapshotter, ids, error: messageOf(error) },
        'snapshots could not be synced, the next start drops them',
      )
      this.#each(ids, 'UPDATE unsynced_snapshots SET boot = ? WHERE id = ?', (id) => [failed, id])
      await database.sync().catch(() => {})
    }
  }

  #marked(): number[] {
    const sql = `SELECT u.id FROM unsynced_snapshots u JOIN snapshots s ON s.id = u.id
      WHERE s.snapshotter = ? AND u.boot = ?`
    return this.#c.database.all(sql, this.#c.snapshotter, this.#boot).map((row) => Number(row.id))
  }

  #each(ids: readonly number[], sql: string, values: (id: number) => (string | number)[]): void {
    const { database } = this.#c
    database.writeNow(() => {
      for (const id of ids) database.run(sql, ...values(id))
    })
  }
}
