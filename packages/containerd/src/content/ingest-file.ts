// SPDX-License-Identifier: Apache-2.0
import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Digest, type DigestAlgorithm, finishDigest } from '@teu/oci-spec/image'

const readSize = 1024 * 1024

/** The growing file of an ingest, hashed while it is written. */
export class IngestFile {
  readonly path: string
  readonly #file: FileHandle
  readonly #algorithm: DigestAlgorithm
  #hash: Hash
  #offset = 0

  private constructor(path: string, file: FileHandle, algorithm: DigestAlgorithm) {
    this.path = path
    this.#file = file
    this.#algorithm = algorithm
    this.#hash = createHash(algorithm)
  }

  /** Opens the file, or makes it, and hashes what an earlier writer left in it. */
  static async open(path: string, algorithm: DigestAlgorithm, signal?: AbortSignal): Promise<IngestFile> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const file = await open(path, 'a+', 0o600)
    const ingest = new IngestFile(path, file, algorithm)
    try {
      await ingest.#hashExisting(signal)
      return ingest
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** How many bytes are in it. */
  get offset(): number {
    return this.#offset
  }

  /** The digest of what is in it now. */
  digest(): Digest {
    return finishDigest(this.#algorithm, this.#hash.copy())
  }

  async append(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length; ) {
      const { bytesWritten } = await this.#file.write(data, at)
      this.#hash.update(data.subarray(at, at + bytesWritten))
      at += bytesWritten
      this.#offset += bytesWritten
    }
  }

  /** Starts again from nothing. */
  async truncate(): Promise<void> {
    await this.#file.truncate(0)
    this.#hash = createHash(this.#algorithm)
    this.#offset = 0
  }

  /** Settles when all of it is on the disk. */
  sync(): Promise<void> {
    return this.#file.sync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #hashExisting(signal: AbortSignal | undefined): Promise<void> {
    const buffer = Buffer.allocUnsafe(readSize)
    for (;;) {
      signal?.throwIfAborted()
      const { bytesRead } = await this.#file.read(buffer, 0, readSize, this.#offset)
      if (bytesRead === 0) return
      this.#hash.update(buffer.subarray(0, bytesRead))
      this.#offset += bytesRead
    }
  }
}
