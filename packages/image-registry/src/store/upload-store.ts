// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto'
import { type Digest, type DigestAlgorithm, digestAlgorithm } from '@teu/oci-spec/image'
import { tree } from '../storage/tree.ts'
import { type BlobStore, quotaExceeded } from './blob-store.ts'
import { type StoreContext, writing } from './context.ts'
import { Refusal } from './refusal.ts'
import { UploadHash } from './upload-hash.ts'

/** An upload in the hands of whoever has its turn. @internal */
export interface OpenUpload {
  /** How many bytes are stored. */
  readonly length: number
  /** Adds a part at the end; answers the new length. What came before a failure stays. */
  add(source: AsyncIterable<Uint8Array>): Promise<number>
  /** Turns it into a blob of the repository. Of other content than `digest` says, it is removed, and refused. */
  finish(digest: Digest): Promise<void>
  /** Removes it. */
  cancel(): Promise<void>
}

/**
 * Uploads: opened, added to in order, and finished with a digest. Their bytes lie in the storage under an id that the store
 * chose, within one repository, so they survive a restart and cannot be taken elsewhere.
 *
 * @internal
 */
export class UploadStore {
  readonly #context: StoreContext
  readonly #blobs: BlobStore
  readonly #hashes = new Map<string, UploadHash>()
  /** Uploads that an earlier process took, which may have died before their last bytes were durable. */
  readonly #inherited = new Set<string>()

  constructor(context: StoreContext, blobs: BlobStore) {
    this.#context = context
    this.#blobs = blobs
  }

  /** Opens an upload, empty; answers its id. `algorithm` is that of the digest that it will be finished with. */
  begin(name: string, algorithm: DigestAlgorithm = 'sha256'): Promise<string> {
    return this.#open(name, algorithm, async (place) => {
      await this.#context.reached('upload.opened')
      // What Docker's registry asks of an upload. Behind the first file, so that one wait for the disk makes both names last.
      await this.#context.storage.write(`${place}/startedat`, Buffer.from(new Date(this.#context.now()).toISOString()))
    })
  }

  async #open(name: string, algorithm: DigestAlgorithm, opened: (place: string) => Promise<void>): Promise<string> {
    const { storage, index, now } = this.#context
    const id = randomUUID()
    const place = tree.upload(name, id)
    await writing(this.#context, name, async () => {
      try {
        await storage.append(`${place}/data`, 0, nothing())
        await opened(place)
        index.transaction(() => index.uploads.touch(index.repositories.idOf(name), id, now()), { reserve: false })
      } catch (error) {
        // Nobody knows of it, so nobody would remove it before the next start.
        await storage.remove(place, { lazily: true }).catch(() => {})
        throw error
      }
    })
    this.#hashes.set(place, this.#newHash(place, algorithm))
    return id
  }

  /** Runs `work` with an upload while nobody else is at it. Fails with a refusal when there is none. */
  use<T>(name: string, id: string, work: (upload: OpenUpload) => Promise<T>): Promise<T> {
    const place = tree.upload(name, id)
    return this.#context.turns.run(place, async () => {
      const length = await this.#length(place)
      this.#hashOf(place, length)
      const upload = {
        length,
        add: async (source: AsyncIterable<Uint8Array>) => {
          upload.length = await this.#add(name, id, upload.length, source)
          return upload.length
        },
        finish: (digest: Digest) => this.#finish(name, id, digest, upload.length),
        cancel: () => this.#forget(name, id),
      }
      return work(upload)
    })
  }

  /** How far an upload came. Fails with a refusal when there is none. */
  async length(name: string, id: string): Promise<number> {
    const place = tree.upload(name, id)
    const length = await this.#length(place)
    if (!this.#context.turns.isBusy(place)) this.#hashOf(place, length)
    return length
  }

  /** Stores a blob whose bytes are at hand, verified, as if it had been uploaded. Fails with a refusal for other bytes. */
  async ingest(name: string, digest: Digest, source: AsyncIterable<Uint8Array>): Promise<void> {
    // Nobody is told of it before it is done, so nobody can come back to it.
    const id = await this.#open(name, digestAlgorithm(digest), async () => {})
    await this.use(name, id, async (upload) => {
      try {
        await upload.add(source)
        await upload.finish(digest)
      } catch (error) {
        await upload.cancel()
        throw error
      }
    })
  }

  /** Removes uploads that nothing came for since `before`. Answers how many; with `dryRun`, would have been. */
  async expire(before: number, { dryRun = false }: { dryRun?: boolean } = {}): Promise<number> {
    const { index, turns } = this.#context
    const stale = index.uploads.stale(before).filter(({ name, id }) => !turns.isBusy(tree.upload(name, id)))
    if (dryRun) return stale.length
    for (const { name, id } of stale) await turns.run(tree.upload(name, id), () => this.#forget(name, id))
    return stale.length
  }

  async #length(place: string): Promise<number> {
    const found = await this.#context.storage.stat(`${place}/data`)
    if (found === undefined) throw new Refusal('BLOB_UPLOAD_UNKNOWN', 'no such upload', undefined)
    return found.size
  }

  async #add(name: string, id: string, offset: number, source: AsyncIterable<Uint8Array>): Promise<number> {
    const { storage, index, now } = this.#context
    const place = tree.upload(name, id)
    const hash = this.#hashOf(place, offset)
    const checkpoint = hash.checkpoint()
    const room = this.#blobs.room(name)
    const limited = room === undefined ? source : atMost(room - offset, source, () => quotaExceeded(name))
    try {
      const length = await storage.append(`${place}/data`, offset, hash.through(offset, limited))
      hash.stored(length, checkpoint)
      return length
    } catch (error) {
      hash.stored(await this.#length(place).catch(() => 0), checkpoint)
      throw error
    } finally {
      index.transaction(() => index.uploads.touch(index.repositories.idOf(name), id, now()))
    }
  }

  async #finish(name: string, id: string, digest: Digest, length: number): Promise<void> {
    const place = tree.upload(name, id)
    const actual = await this.#digest(place, digest, length)
    if (actual !== digest) {
      await this.#forget(name, id)
      throw new Refusal('DIGEST_INVALID', `content has digest ${actual}`)
    }
    // Only what is durable may be acknowledged.
    if (this.#inherited.has(place)) await this.#context.storage.append(`${place}/data`, length, nothing())
    await this.#context.reached('upload.verified')
    await this.#blobs.take(name, digest, { path: `${place}/data`, size: length })
    await this.#forget(name, id)
  }

  async #digest(place: string, wanted: Digest, length: number): Promise<Digest> {
    const running = this.#hashOf(place, length)
    // A finished hash cannot go on, and a failure after this may bring the same upload here again.
    this.#hashes.delete(place)
    if (running.algorithm === digestAlgorithm(wanted)) return running.finish(length)
    running.abandon()
    return this.#newHash(place, digestAlgorithm(wanted)).finish(length)
  }

  async #forget(name: string, id: string): Promise<void> {
    const place = tree.upload(name, id)
    this.#hashes.get(place)?.abandon()
    this.#hashes.delete(place)
    this.#inherited.delete(place)
    // Nothing waits for this to last: what is back after a power cut expires.
    await this.#context.storage.remove(place, { lazily: true })
    this.#context.index.transaction(() => this.#context.index.uploads.remove(name, id))
  }

  /** The hash of an upload. One of an earlier process is begun anew, and reads what is there. */
  #hashOf(place: string, length: number): UploadHash {
    const known = this.#hashes.get(place)
    if (known !== undefined) return known
    const hash = this.#newHash(place, 'sha256')
    this.#hashes.set(place, hash)
    this.#inherited.add(place)
    hash.stored(length)
    return hash
  }

  #newHash(place: string, algorithm: DigestAlgorithm): UploadHash {
    return new UploadHash(algorithm, (range) => this.#context.storage.open(`${place}/data`, range))
  }
}

async function* atMost(
  limit: number,
  source: AsyncIterable<Uint8Array>,
  refusal: () => Error,
): AsyncGenerator<Uint8Array> {
  let left = limit
  for await (const chunk of source) {
    left -= chunk.byteLength
    if (left < 0) throw refusal()
    yield chunk
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
