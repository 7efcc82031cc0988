// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { StackError } from '@teu/errors'
import { TarParser } from '@teu/oci-spec/archive'
import { type Descriptor, digestAlgorithm, finishDigest } from '@teu/oci-spec/image'
import { decompressed } from '../compression/decompress.ts'
import { linkTargetOf, partsOf, whiteoutOf } from './entry-path.ts'
import type { Blob, Layer } from './layer.ts'

/** Reads a blob and checks its length and digest. Throws `data-loss`. @internal */
export async function checkBlob(blob: Blob): Promise<void> {
  const hash = new BlobHash(blob.descriptor)
  for await (const chunk of blob.open()) hash.update(chunk)
  hash.finish()
}

/**
 * Reads a layer once and checks everything about it: length and digest as it is stored, the diff id of what it
 * decompresses to, that it is a tar, and that no entry of it leads out of the root. Throws `data-loss` for bytes that
 * are not what was promised, `invalid-argument` for an archive that no one may unpack.
 *
 * @internal
 */
export async function checkLayer({ descriptor, diffId, open }: Layer): Promise<void> {
  const stored = new BlobHash(descriptor)
  const plain = createHash(digestAlgorithm(diffId))
  const parser = new TarParser({
    entry: (entry) => {
      whiteoutOf(entry, partsOf(entry))
      if (entry.type === 'hardlink') linkTargetOf(entry)
    },
    data: () => {},
    hole: () => {},
    end: () => {},
  })
  let malformed: unknown
  const source = async function* () {
    for await (const chunk of open()) {
      stored.update(chunk)
      yield chunk
    }
  }
  for await (const chunk of decompressed(source())) {
    plain.update(chunk)
    if (malformed === undefined) malformed = failureOf(() => parser.push(chunk))
  }
  // Bytes that are not the right ones need not make sense.
  stored.finish()
  const actual = finishDigest(digestAlgorithm(diffId), plain)
  if (actual !== diffId)
    throw new StackError('data-loss', `layer ${descriptor.digest}: has diff id ${actual}, not ${diffId}`)
  malformed ??= failureOf(() => parser.finish())
  if (malformed !== undefined)
    throw new StackError('invalid-argument', `layer ${descriptor.digest}: ${(malformed as Error).message}`, {
      cause: malformed,
    })
}

function failureOf(work: () => void): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}

class BlobHash {
  readonly #descriptor: Descriptor
  readonly #hash
  #size = 0

  constructor(descriptor: Descriptor) {
    this.#descriptor = descriptor
    this.#hash = createHash(digestAlgorithm(descriptor.digest))
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk)
    this.#size += chunk.byteLength
  }

  finish(): void {
    const { digest, size } = this.#descriptor
    const actual = finishDigest(digestAlgorithm(digest), this.#hash)
    if (this.#size !== size) throw new StackError('data-loss', `${digest}: has ${this.#size} bytes, not ${size}`)
    if (actual !== digest) throw new StackError('data-loss', `${digest}: content has digest ${actual}`)
  }
}
