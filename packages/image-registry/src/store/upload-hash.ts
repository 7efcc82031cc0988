// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from 'node:crypto'
import type { ByteRange } from '@teu/oci-spec/distribution'
import { type Digest, type DigestAlgorithm, finishDigest } from '@teu/oci-spec/image'

/** Reads what is stored of an upload. @internal */
export type ReadStored = (range: ByteRange) => AsyncIterable<Uint8Array>

/**
 * The hash of an upload as far as it has come. Bytes that arrive where it stands are hashed on their way; what it missed,
 * because a part broke off or the process is a new one, it reads from the storage, beside what goes on. So the end of an
 * upload waits for little, however it went.
 *
 * @internal
 */
export class UploadHash {
  readonly algorithm: DigestAlgorithm
  readonly #read: ReadStored
  #hash: Hash
  #hashed = 0
  #catchingUp: Promise<void> | undefined
  #target = 0
  #isAbandoned = false

  constructor(algorithm: DigestAlgorithm, read: ReadStored) {
    this.algorithm = algorithm
    this.#read = read
    this.#hash = createHash(algorithm)
  }

  /** A part on its way to the storage, behind `offset`. */
  through(offset: number, source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    return this.#hashed === offset && this.#catchingUp === undefined ? this.#hashing(source) : source
  }

  /** Says how much is stored, after a part or at the start. Reads in the background what was missed. */
  stored(length: number, before?: Checkpoint): void {
    if (this.#hashed > length && before !== undefined) {
      // A part that broke off was hashed further than it was stored.
      this.#hash = before.hash
      this.#hashed = before.hashed
    }
    this.#target = length
    if (this.#hashed < length) this.#catchUp()
  }

  /** Where it stands before a part, to come back to. */
  checkpoint(): Checkpoint | undefined {
    return this.#catchingUp === undefined ? { hash: this.#hash.copy(), hashed: this.#hashed } : undefined
  }

  /** The digest of the first `length` bytes. The hash cannot be used afterwards. */
  async finish(length: number): Promise<Digest> {
    await this.#catchingUp
    this.#target = length
    if (this.#hashed < length) await this.#readRest()
    return finishDigest(this.algorithm, this.#hash)
  }

  /** Stops reading. */
  abandon(): void {
    this.#isAbandoned = true
  }

  async *#hashing(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      this.#hash.update(chunk)
      this.#hashed += chunk.byteLength
      yield chunk
    }
  }

  #catchUp(): void {
    this.#catchingUp ??= this.#readRest()
      // What cannot be read now is tried again at the end.
      .catch(() => {})
      .finally(() => {
        this.#catchingUp = undefined
      })
  }

  async #readRest(): Promise<void> {
    while (this.#hashed < this.#target && !this.#isAbandoned) {
      for await (const chunk of this.#read({ start: this.#hashed, end: this.#target - 1 })) {
        if (this.#isAbandoned) return
        this.#hash.update(chunk)
        this.#hashed += chunk.byteLength
      }
    }
  }
}

/** A place to come back to. @internal */
export interface Checkpoint {
  hash: Hash
  hashed: number
}
