// SPDX-License-Identifier: Apache-2.0
import { type FileHandle, open } from 'node:fs/promises'
import { StackError } from '@teu/errors'

/**
 * Makes commits durable without holding up the event loop: SQLite commits into its write-ahead log unsynced, and this
 * syncs the log afterwards. Commits that come while a sync is under way share the next one, which is the group
 * commit. A log that could not be synced once is never trusted again.
 */
export class WalSync {
  readonly #file: FileHandle
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  #failure: StackError | undefined

  private constructor(file: FileHandle) {
    this.#file = file
  }

  /** Opens the log, which SQLite has made. The open file is kept: closing it must not happen before SQLite's own. */
  static async open(path: string): Promise<WalSync> {
    return new WalSync(await open(path, 'r+'))
  }

  /** Settles when everything that is in the log now is on the disk. */
  sync(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#running === undefined) {
      this.#running = this.#run()
      return this.#running
    }
    // The sync under way may have begun before the last commit, so its end proves nothing.
    this.#next ??= this.#running.then(() => {
      this.#next = undefined
      this.#running = this.#run()
      return this.#running
    })
    return this.#next
  }

  /** Throws when a sync has failed before. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  async close(): Promise<void> {
    await (this.#next ?? this.#running)?.catch(() => {})
    await this.#file.close()
  }

  async #run(): Promise<void> {
    try {
      await this.#file.datasync()
    } catch (error) {
      this.#failure = new StackError('internal', 'the metadata log could not be synced; restart the daemon', {
        cause: error,
      })
      throw this.#failure
    } finally {
      if (this.#next === undefined) this.#running = undefined
    }
  }
}
