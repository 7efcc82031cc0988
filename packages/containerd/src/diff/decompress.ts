// SPDX-License-Identifier: Apache-2.0
import { pipeline, Readable, type Transform } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { StackError } from '@teu/errors'
import { type BlobBytes, blobChunks } from './blob-bytes.ts'

/** How the bytes of a blob are packed. */
export type Compression = 'none' | 'gzip' | 'zstd'

// Measured: with Node's 16 KiB the copies cost as much as the decompression.
const chunkSize = 256 * 1024

/** What a blob begins with tells how it is compressed; its media type may be wrong. */
export function detectCompression(head: Uint8Array): Compression {
  const begins = (...bytes: number[]) => bytes.every((byte, index) => head[index] === byte)
  if (begins(0x1f, 0x8b, 0x08)) return 'gzip'
  if (begins(0x28, 0xb5, 0x2f, 0xfd)) return 'zstd'
  // A skippable frame of zstd comes first in seekable archives.
  if (head.length >= 4 && (head[0]! & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18)
    return 'zstd'
  return 'none'
}

/** The uncompressed bytes of a blob. Disposing it waits until nothing is read any more. */
export interface DecompressedBlob extends AsyncDisposable {
  /** No faster than it is taken. */
  readonly stream: Readable
}

/** Opens a blob as the uncompressed bytes that it stands for. */
export async function openDecompressed(source: BlobBytes, signal: AbortSignal): Promise<DecompressedBlob> {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>()
  const chunks = blobChunks(source, chunkSize, signal, close)
  const first = await chunks.next()
  const head = first.done ? Buffer.alloc(0) : first.value
  const bytes = Readable.from(startingWith(head, chunks), { objectMode: false, highWaterMark: chunkSize })
  const unpack = unpackerOf(detectCompression(head))
  // A failure of either side reaches the reader as an error of the last stream.
  if (unpack !== undefined) pipeline(bytes, unpack, () => {})
  const stream = unpack ?? bytes
  return {
    stream,
    async [Symbol.asyncDispose]() {
      stream.on('error', () => {}).destroy()
      bytes.destroy()
      await closed
    },
  }
}

/** @throws the error of a broken stream, with its class */
export function decompressionError(error: unknown): unknown {
  const code = (error as { code?: unknown }).code
  if (typeof code !== 'string' || !(code.startsWith('Z_') || code.startsWith('ZSTD_'))) return error
  return new StackError(
    'invalid-argument',
    `layer cannot be decompressed: ${(error as Error).message}: invalid argument`,
    {
      cause: error,
    },
  )
}

function unpackerOf(compression: Compression): Transform | undefined {
  if (compression === 'gzip') return createGunzip({ chunkSize })
  return compression === 'zstd' ? createZstdDecompress({ chunkSize }) : undefined
}

async function* startingWith(head: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head
    yield* rest
  } finally {
    await rest.return(undefined)
  }
}
