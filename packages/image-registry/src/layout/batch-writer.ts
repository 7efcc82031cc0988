// SPDX-License-Identifier: Apache-2.0
import type { FileHandle } from 'node:fs/promises'

/** What is gathered before it is written. */
const batchSize = 256 * 1024
/** What lies between two requests to put on disk what was written, so that the last one has little left to do. */
const syncInterval = 32 * batchSize

/**
 * Appends to a file in batches: chunks come from sockets by the kilobyte, and each write is a trip to another thread. One
 * batch is filled while the one before is written; chunks are copied, and may change after {@link write}.
 *
 * @internal
 */
export class BatchWriter {
  readonly #handle: FileHandle
  #position: number
  #filling: Buffer
  #spare: Buffer
  #length = 0
  #writing: Promise<void> = Promise.resolve()
  #syncing: Promise<void> | undefined
  #unsynced = 0

  /** Writes from `position` on; `size` is what the file will hold in all, as far as that is known. */
  constructor(handle: FileHandle, position: number, size = Number.POSITIVE_INFINITY) {
    this.#handle = handle
    this.#position = position
    const room = Math.max(1, Math.min(batchSize, size - position))
    this.#filling = Buffer.allocUnsafeSlow(room)
    this.#spare = size - position > room ? Buffer.allocUnsafeSlow(room) : this.#filling
  }

  /** Takes a chunk. Waits for the disk when it is behind by a batch. */
  async write(chunk: Uint8Array): Promise<void> {
    for (let taken = 0; taken < chunk.byteLength; ) {
      const most = Math.min(chunk.byteLength - taken, this.#filling.byteLength - this.#length)
      this.#filling.set(chunk.subarray(taken, taken + most), this.#length)
      this.#length += most
      taken += most
      if (this.#length === this.#filling.byteLength) await this.#turn()
    }
  }

  /** Resolves when the kernel has everything. */
  async flush(): Promise<void> {
    await this.#turn()
    await this.#writing
    await this.#syncing
  }

  /** Has the full batch written, and goes on with the other one. */
  async #turn(): Promise<void> {
    await this.#writing
    const batch = this.#filling.subarray(0, this.#length)
    const position = this.#position
    this.#position += batch.byteLength
    this.#length = 0
    this.#writing = this.#append(batch, position)
    // Whoever waits next hears of a failure; until then it has been heard of.
    this.#writing.catch(() => {})
    if (this.#spare === this.#filling) await this.#writing
    else [this.#filling, this.#spare] = [this.#spare, this.#filling]
  }

  async #append(batch: Buffer, start: number): Promise<void> {
    for (let written = 0; written < batch.byteLength; ) {
      const { bytesWritten } = await this.#handle.write(batch, written, batch.byteLength - written, start + written)
      written += bytesWritten
    }
    this.#unsynced += batch.byteLength
    if (this.#unsynced < syncInterval) return
    this.#unsynced = 0
    this.#syncing ??= this.#handle.datasync().finally(() => {
      this.#syncing = undefined
    })
    this.#syncing.catch(() => {})
  }
}
