// SPDX-License-Identifier: Apache-2.0
import type { FileHandle } from 'node:fs/promises'

/** What is collected before it is written, when few write: below this the calls cost more than the copying. */
const largestBatch = 1024 * 1024
/** When many write, they share so much; memory must not grow with the number of clients. */
const sharedBatches = 4 * 1024 * 1024
const smallestBatch = 64 * 1024

/** How many files of this process are being appended to. */
let active = 0

/** A sync failed: nobody knows which of the bytes are on the disk. @internal */
export class SyncFailure extends Error {
  constructor(cause: unknown) {
    super((cause as Error).message, { cause })
  }
}

/**
 * Writes a stream behind the end of a file and syncs it; one batch is being written while the next is collected.
 * Answers the file's new length. When the source fails, what came before is written and synced, and the failure thrown;
 * when the sync fails, the file is not to be trusted any more, and the failure is a {@link SyncFailure}.
 *
 * @internal
 */
export async function appendToFile(
  file: FileHandle,
  offset: number,
  source: AsyncIterable<Uint8Array>,
): Promise<number> {
  const writer = new BatchWriter(file, offset)
  active++
  try {
    for await (const chunk of source) await writer.add(chunk)
  } finally {
    active--
    await writer.end()
    if (writer.length > 0) await sync(file)
  }
  return writer.length
}

async function sync(file: FileHandle): Promise<void> {
  await file.datasync().catch((error: unknown) => {
    throw new SyncFailure(error)
  })
}

class BatchWriter {
  readonly #file: FileHandle
  #batch: Uint8Array[] = []
  #batched = 0
  #writing: Promise<unknown> = Promise.resolve()
  length: number

  constructor(file: FileHandle, offset: number) {
    this.#file = file
    this.length = offset
  }

  async add(chunk: Uint8Array): Promise<void> {
    this.#batch.push(chunk)
    this.#batched += chunk.byteLength
    const limit = Math.max(smallestBatch, Math.min(largestBatch, sharedBatches / active))
    if (this.#batched >= limit) await this.#flush()
  }

  async end(): Promise<void> {
    await this.#flush()
    await this.#writing
  }

  async #flush(): Promise<void> {
    await this.#writing
    if (this.#batched === 0) return
    this.#writing = writeAll(this.#file, this.#batch, this.length)
    // The failure is looked at by the next flush; until then it must not count as unhandled.
    this.#writing.catch(() => {})
    this.length += this.#batched
    this.#batch = []
    this.#batched = 0
  }
}

async function writeAll(file: FileHandle, batch: Uint8Array[], position: number): Promise<void> {
  let [rest, at] = [batch, position]
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest, at)
    at += bytesWritten
    rest = skip(rest, bytesWritten)
  }
}

/** What a short write left over. */
function skip(batch: Uint8Array[], length: number): Uint8Array[] {
  let left = length
  return batch.flatMap((chunk) => {
    const skipped = Math.min(left, chunk.byteLength)
    left -= skipped
    return skipped === chunk.byteLength ? [] : [chunk.subarray(skipped)]
  })
}
