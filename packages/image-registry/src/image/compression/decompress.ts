// SPDX-License-Identifier: Apache-2.0
import { pipeline, Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { StackError } from '@teu/errors'
import type { Compression } from './compress.ts'
import { zstdFrames } from './zstd-frames.ts'

/** Bytes that tell how something is compressed. */
const magicLength = 4
/** Output of the decoder that is handed over at a time. */
const chunkSize = 256 * 1024

/** How bytes are compressed, by the first of them. @internal */
export function compressionOf(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  const magic = Buffer.from(head.subarray(0, magicLength)).toString('hex')
  // Frames that are to be skipped may come first; the low half of their magic is theirs to choose.
  return magic === '28b52ffd' || /^5[0-9a-f]2a4d18$/.test(magic) ? 'zstd' : 'none'
}

/**
 * A layer's tar. How it is compressed shows in its first bytes; media types are often wrong about it. What is neither
 * gzip nor zstd passes unchanged. Throws `data-loss` for a stream that is damaged, cut off or followed by something else.
 *
 * @public
 */
export async function* decompressed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const { compression, whole } = await sniff(source)
  if (compression === 'none') return yield* whole
  const decoder = compression === 'gzip' ? createGunzip({ chunkSize }) : createZstdDecompress({ chunkSize })
  let failure: { error: unknown } | undefined
  const input = observed(compression === 'gzip' ? whole : zstdFrames(whole), (error) => (failure = { error }))
  pipeline(Readable.from(input, { objectMode: false }), decoder, () => {})
  try {
    yield* decoder as AsyncIterable<Uint8Array>
  } catch (error) {
    if (failure !== undefined) throw failure.error
    throw new StackError('data-loss', `${compression} stream: ${(error as Error).message}`, { cause: error })
  }
}

/** Looks at the first bytes of a source without taking them away. @internal */
export async function sniff(
  source: AsyncIterable<Uint8Array>,
): Promise<{ compression: Compression; whole: AsyncGenerator<Uint8Array, void, undefined> }> {
  const iterator = source[Symbol.asyncIterator]()
  let head: Uint8Array = new Uint8Array()
  while (head.byteLength < magicLength) {
    const { done, value } = await iterator.next()
    if (done) break
    head = head.byteLength === 0 ? value : Buffer.concat([head, value])
  }
  return { compression: compressionOf(head), whole: rejoined(head, iterator) }
}

/** How a source is compressed; no more of it is read than tells that. @internal */
export async function compressionOfStream(source: AsyncIterable<Uint8Array>): Promise<Compression> {
  const { compression, whole } = await sniff(source)
  // What has not begun would not end what it reads from.
  await whole.next()
  await whole.return()
  return compression
}

/** What the source fails with is not the decoder's failure. */
async function* observed(
  source: AsyncIterable<Uint8Array>,
  failed: (error: unknown) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* source
  } catch (error) {
    failed(error)
    throw error
  }
}

async function* rejoined(
  head: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    if (head.byteLength > 0) yield head
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}
