// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { pipeline, Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { StackError } from '@teu/errors'
import { checkLayerCount, type Descriptor, digestAlgorithm, finishDigest } from '@teu/oci-spec/image'
import { contentsOf, type Image, openContent } from './image.ts'

/**
 * Reads all of an image and checks every promise it makes: length and digest of each part, the number of layers, and
 * that each layer uncompressed has its diff id. Throws `data-loss` for the first that does not hold, `invalid-argument`
 * when manifest and configuration disagree.
 *
 * @public
 */
export async function validateImage(image: Image): Promise<void> {
  checkLayerCount(image.config, image.manifest)
  for (const descriptor of contentsOf(image)) await checkContent(image, descriptor)
  for (const [position, { descriptor }] of image.layers.entries()) {
    const hash = createHash('sha256')
    for await (const chunk of decompressed(openContent(image, descriptor.digest))) hash.update(chunk)
    const actual = finishDigest('sha256', hash)
    const wanted = image.config.rootfs.diff_ids[position]
    if (actual !== wanted)
      throw new StackError('data-loss', `layer ${descriptor.digest}: has diff id ${actual}, not ${wanted}`)
  }
}

async function checkContent(image: Image, descriptor: Descriptor): Promise<void> {
  const algorithm = digestAlgorithm(descriptor.digest)
  const hash = createHash(algorithm)
  let size = 0
  for await (const chunk of openContent(image, descriptor.digest)) {
    hash.update(chunk)
    size += chunk.byteLength
  }
  const actual = finishDigest(algorithm, hash)
  if (size !== descriptor.size)
    throw new StackError('data-loss', `${descriptor.digest}: has ${size} bytes, not ${descriptor.size}`)
  if (actual !== descriptor.digest)
    throw new StackError('data-loss', `${descriptor.digest}: content has digest ${actual}`)
}

/**
 * A layer's tar. How it is compressed shows in its first bytes; media types are often wrong about it. What is neither
 * gzip nor zstd passes unchanged.
 *
 * @public
 */
export async function* decompressed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]()
  let head: Uint8Array = new Uint8Array()
  while (head.byteLength < 4) {
    const { done, value } = await iterator.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  const whole = rejoined(head, iterator)
  const magic = Buffer.from(head.subarray(0, 4)).toString('hex')
  const decoder = magic.startsWith('1f8b') ? createGunzip() : magic === '28b52ffd' ? createZstdDecompress() : undefined
  if (decoder === undefined) return yield* whole
  pipeline(Readable.from(whole, { objectMode: false }), decoder, () => {})
  yield* decoder as AsyncIterable<Uint8Array>
}

async function* rejoined(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.byteLength > 0) yield head
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}
