// SPDX-License-Identifier: Apache-2.0
import type { FileHandle } from 'node:fs/promises'

/** What is gathered before it is written. */
const batchSize = 1024 * 1024

/** Appends to a file in batches: chunks come from sockets by the kilobyte, and each write is a trip to another thread. @internal */
export class BatchWriter {
  readonly #handle: FileHandle
  #position: number
  #batch: Uint8Array[] = []
  #length = 0

  constructor(handle: FileHandle, position: number) {
    this.#handle = handle
    this.#position = position
  }

  /** Takes a chunk, which must not change any more. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#batch.push(chunk)
    this.#length += chunk.byteLength
    if (this.#length >= batchSize) await this.flush()
  }

  /** Writes what was gathered; resolves when the kernel has it. */
  async flush(): Promise<void> {
    let batch = this.#batch
    this.#batch = []
    this.#length = 0
    while (batch.length > 0) {
      let { bytesWritten } = await this.#handle.writev(batch, this.#position)
      this.#position += bytesWritten
      const rest: Uint8Array[] = []
      for (const chunk of batch) {
        const taken = Math.min(bytesWritten, chunk.byteLength)
        bytesWritten -= taken
        if (taken < chunk.byteLength) rest.push(chunk.subarray(taken))
      }
      batch = rest
    }
  }
}
