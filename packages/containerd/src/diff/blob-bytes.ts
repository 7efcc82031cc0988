// SPDX-License-Identifier: Apache-2.0
import { read } from 'node:fs'
import { open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { growth, type SharedGrowth } from '../content/growth.ts'

/** Where a blob's bytes are: in a file, or in one that is still written by another thread, of which it holds a descriptor. */
export type BlobBytes = { path: string } | { fd: number; growth: SharedGrowth }

/** How many bytes the first chunk has at least, when there are so many: enough to tell how they are packed. */
const headSize = 8

const readAt = promisify(read)

/**
 * The bytes of a blob from its beginning, as they come.
 *
 * @param closed - called when the file is not read any more, whatever the reason
 */
export async function* blobChunks(
  source: BlobBytes,
  chunkSize: number,
  signal: AbortSignal,
  closed: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    await using file = 'path' in source ? await open(source.path) : undefined
    const fd = 'fd' in source ? source.fd : file!.fd
    for (let position = 0; ; ) {
      const wanted = Math.max(position, headSize - 1)
      const end = 'growth' in source ? await growth.beyond(source.growth, wanted, signal) : Number.POSITIVE_INFINITY
      const size = Math.min(chunkSize, end - position)
      const { bytesRead, buffer } = await readAt(fd, Buffer.allocUnsafe(size), 0, size, position)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
      position += bytesRead
    }
  } finally {
    closed()
  }
}
