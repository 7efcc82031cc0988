// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { type Descriptor, type Digest, digestEncoded, digestOf, finishDigest } from '@teu/oci-spec/image'
import { type Compression, type CompressOptions, compressed, layerTypes } from '../compression/compress.ts'
import { compressionOf, decompressed } from '../compression/decompress.ts'
import { type LayerEntry, writeTar } from './tar-writer.ts'

/** Some content as a value: what it is called, and a way to its bytes that may be gone any number of times. @public */
export interface Blob {
  /** Of the bytes as they are stored. */
  readonly descriptor: Descriptor
  open(): AsyncIterable<Uint8Array>
}

/** A layer as a value. Its descriptor is of the bytes as they are stored, compressed or not. @public */
export interface Layer extends Blob {
  /** Of the uncompressed tar. */
  readonly diffId: Digest
}

/** Options of making a layer. @public */
export interface LayerOptions extends CompressOptions {
  /**
   * A folder to keep the compressed bytes in, as a file named by their digest, so that they are made once. It is the
   * caller's to remove, when the layer is not opened any more. Default: they are made anew each time.
   */
  keepIn?: string
}

/**
 * A layer of the given entries, in their order, compressed with gzip unless the options say otherwise. The same entries make
 * the same bytes. Contents given as streams are opened now and again each time the layer is.
 *
 * Fails with `invalid-argument` for a path that leads out of the root, an owner or a time that is none, or a level of
 * compression that there is not, and with `data-loss` for content of another length than announced.
 *
 * @public
 */
export function layerFromEntries(entries: readonly LayerEntry[], options: LayerOptions = {}): Promise<Layer> {
  return layerFromTar(() => writeTar(entries), options)
}

/**
 * A layer of a tar archive. The archive is read once now, to learn its digests, and again each time the layer is
 * opened: it is never held in memory, and must not change. Compressed with gzip unless the options say otherwise; `open`
 * has to give a plain tar, which is not looked into: `validateImage` does that.
 *
 * Fails with what the source fails with, and with `invalid-argument` for a level of compression that there is not.
 *
 * @public
 */
export async function layerFromTar(open: () => AsyncIterable<Uint8Array>, options: LayerOptions = {}): Promise<Layer> {
  const { keepIn, ...how } = options
  const { compression = 'gzip' } = how
  const plain = createHash('sha256')
  const content = compressed(observed(open(), plain), how)
  const kept = keepIn === undefined ? undefined : await keep(content, keepIn)
  const { digest, size } = kept ?? (await measured(content))
  return {
    descriptor: { mediaType: layerTypes[compression], digest, size },
    diffId: finishDigest('sha256', plain),
    open: () => (kept === undefined ? compressed(open(), how) : createReadStream(kept.file)),
  }
}

/**
 * A layer of bytes as they are stored somewhere: they are read once now, for their digests and to see how they are
 * compressed, and never compressed again. Throws `data-loss` when they cannot be decompressed.
 *
 * @public
 */
export async function layerFromStored(open: () => AsyncIterable<Uint8Array>): Promise<Layer> {
  const stored = createHash('sha256')
  const plain = createHash('sha256')
  let size = 0
  let compression: Compression | undefined
  const source = async function* () {
    for await (const chunk of open()) {
      compression ??= compressionOf(chunk)
      stored.update(chunk)
      size += chunk.byteLength
      yield chunk
    }
  }
  for await (const chunk of decompressed(source())) if (compression !== 'none') plain.update(chunk)
  const digest = finishDigest('sha256', stored)
  const mediaType = layerTypes[compression ?? 'none']
  const diffId = compression === 'gzip' || compression === 'zstd' ? finishDigest('sha256', plain) : digest
  return { descriptor: { mediaType, digest, size }, diffId, open }
}

/**
 * The same layer, stored in another way. Its diff id stays, its descriptor does not. Reads the layer once now; fails with
 * `data-loss` when it cannot be decompressed.
 *
 * @public
 */
export function recompressLayer(layer: Layer, options: LayerOptions): Promise<Layer> {
  return layerFromTar(() => decompressed(layer.open()), options)
}

/**
 * A layer whose bytes, as they are stored, are held in memory and stay as they are. Media type and diff id are believed;
 * `validateImage` finds out whether they are right.
 *
 * @public
 */
export function layerFromBytes(bytes: Uint8Array, mediaType: string, diffId: Digest): Layer {
  return { ...blobFromBytes(bytes, mediaType), diffId }
}

/**
 * A blob whose bytes are held in memory and must not change; its digest is their sha256.
 *
 * @public
 */
export function blobFromBytes(bytes: Uint8Array, mediaType: string): Blob {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.byteLength }
  return { descriptor, open: () => Readable.from([bytes]) }
}

async function* observed(source: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    hash.update(chunk)
    yield chunk
  }
}

async function measured(source: AsyncIterable<Uint8Array>): Promise<{ digest: Digest; size: number }> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of source) {
    hash.update(chunk)
    size += chunk.byteLength
  }
  return { digest: finishDigest('sha256', hash), size }
}

async function keep(source: AsyncIterable<Uint8Array>, directory: string) {
  await mkdir(directory, { recursive: true })
  const temporary = path.join(directory, `${randomUUID()}.tmp`)
  try {
    await using handle = await open(temporary, 'wx')
    const hash = createHash('sha256')
    let size = 0
    for await (const chunk of source) {
      hash.update(chunk)
      size += chunk.byteLength
      await handle.writeFile(chunk)
    }
    const digest = finishDigest('sha256', hash)
    const file = path.join(directory, digestEncoded(digest))
    await rename(temporary, file)
    return { digest, size, file }
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
