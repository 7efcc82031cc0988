// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { type Descriptor, type Digest, digestOf, finishDigest, mediaTypes } from '@teu/oci-spec/image'
import { type LayerEntry, writeTar } from './tar-writer.ts'

/** A layer as a value: what it is called, and a way to its bytes that may be gone any number of times. @public */
export interface Layer {
  /** Of the bytes as they are stored, compressed or not. */
  readonly descriptor: Descriptor
  /** Of the uncompressed tar. */
  readonly diffId: Digest
  open(): AsyncIterable<Uint8Array>
}

/** Options of making a layer. @public */
export interface LayerOptions {
  /** Default `gzip`. */
  compression?: 'gzip' | 'none'
}

/** A layer of the given entries. The same entries make the same bytes. @public */
export function layerFromEntries(entries: readonly LayerEntry[], options: LayerOptions = {}): Promise<Layer> {
  return layerFromTar(() => writeTar(entries), options)
}

/**
 * A layer of a tar archive. The archive is read once now, to learn its digests, and again each time the layer is
 * opened: it is never held in memory, and must not change.
 *
 * @public
 */
export async function layerFromTar(open: () => AsyncIterable<Uint8Array>, options: LayerOptions = {}): Promise<Layer> {
  const { compression = 'gzip' } = options
  const plain = createHash('sha256')
  const stored = createHash('sha256')
  let size = 0
  const stream = compression === 'gzip' ? gzip(observed(open(), plain)) : observed(open(), plain)
  for await (const chunk of stream) {
    stored.update(chunk)
    size += chunk.byteLength
  }
  const mediaType = compression === 'gzip' ? mediaTypes.ociLayerGzip : mediaTypes.ociLayer
  return {
    descriptor: { mediaType, digest: finishDigest('sha256', stored), size },
    diffId: finishDigest('sha256', plain),
    open: () => (compression === 'gzip' ? gzip(open()) : open()),
  }
}

/** A layer whose bytes are held in memory and stay as they are. @public */
export function layerFromBytes(bytes: Uint8Array, mediaType: string, diffId: Digest): Layer {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.byteLength }
  return { descriptor, diffId, open: () => Readable.from([bytes]) }
}

async function* observed(
  source: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    hash.update(chunk)
    yield chunk
  }
}

/** Level 9, because a layer is written once and read often; zlib's header carries no time. */
function gzip(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const compressor = createGzip({ level: 9 })
  // Failures reach the reader of the compressor, which is destroyed with them.
  pipeline(Readable.from(source, { objectMode: false }), compressor, () => {})
  return compressor
}
