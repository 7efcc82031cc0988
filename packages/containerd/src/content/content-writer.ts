// SPDX-License-Identifier: Apache-2.0
import { access, mkdir, rename, rm } from 'node:fs/promises'
import { validateLabels } from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import { syncDirectory } from '@teu/linux'
import { type Digest, type DigestAlgorithm, digestAlgorithm, isDigest } from '@teu/oci-spec/image'
import { type Labels, nowMicros } from '../metadata/values.ts'
import type { ContentStoreInner } from './content-store.ts'
import { GrowingBlob } from './growing-blob.ts'
import { IngestFile } from './ingest-file.ts'
import { type IngestRecord, newIngestFolder } from './ingest-records.ts'

/** What a writer is opened for. */
export interface ContentWriterInit {
  namespace: string
  ref: string
  /** The digest the blob shall have, or empty. */
  expected: string
  /** The size it shall have in bytes, or 0. */
  total: number
  lease: string | undefined
  signal?: AbortSignal | undefined
}

/** How far a writer is. */
export interface WriterStatus {
  startedAt: number
  updatedAt: number
  offset: number
  total: number
  digest: string
}

/**
 * The one writer of an ingest, from the opening of the stream to its end. Bytes that were written stay when it is
 * closed without a commit, and the next writer of the ref goes on behind them.
 */
export class ContentWriter implements AsyncDisposable {
  readonly #store: ContentStoreInner
  readonly #record: IngestRecord
  readonly #lease: string | undefined
  readonly #lock: Disposable
  /** Undefined when another namespace has the blob already, so that there is nothing to write. */
  readonly #file: IngestFile | undefined
  readonly #shared: { digest: Digest; size: number } | undefined
  readonly #pin: Disposable | undefined
  #growing: GrowingBlob | undefined
  #listing: Disposable | undefined
  #done = false

  private constructor(
    store: ContentStoreInner,
    record: IngestRecord,
    init: ContentWriterInit,
    lock: Disposable,
    source: { file: IngestFile } | { shared: { digest: Digest; size: number } },
  ) {
    this.#store = store
    this.#record = record
    this.#lease = init.lease
    this.#lock = lock
    this.#file = 'file' in source ? source.file : undefined
    this.#shared = 'shared' in source ? source.shared : undefined
    this.#pin = this.#shared && store.pin(this.#shared.digest)
    this.#grow()
  }

  /**
   * @throws `unavailable` when the ref has a writer, `already-exists` when the namespace has the expected blob (and
   * then the ingest is dropped)
   */
  static async open(store: ContentStoreInner, init: ContentWriterInit): Promise<ContentWriter> {
    const { namespace, ref, expected, total } = init
    const lock = await store.locks.takeSoon(namespace, ref, init.signal)
    try {
      const record = store.ingests.find(namespace, ref) ?? (await beginIngest(store, init))
      if (expected !== '') record.expected = expected
      if (total > 0) record.total = total
      const shared = await store.sharedBlob(namespace, record)
      if (shared !== undefined) return new ContentWriter(store, record, init, lock, { shared })
      const file = await IngestFile.open(store.layout.ingestData(record.folder), algorithmOf(record), init.signal)
      return new ContentWriter(store, record, init, lock, { file })
    } catch (error) {
      lock[Symbol.dispose]()
      throw error
    }
  }

  status(): WriterStatus {
    const { startedAt, updatedAt, total } = this.#record
    if (this.#shared !== undefined)
      return { startedAt, updatedAt, offset: this.#shared.size, total: this.#shared.size, digest: this.#shared.digest }
    return { startedAt, updatedAt, offset: this.#file!.offset, total, digest: this.#file!.digest() }
  }

  /**
   * Learns what a later message of the stream announces, which holds from then on instead of what was said before.
   *
   * @throws `already-exists` when the namespace has that blob; the ingest is dropped
   */
  async announce(expected: string, total: number): Promise<void> {
    if (total > 0) this.#record.total = total
    if (expected === '' || expected === this.#record.expected) return
    this.#record.expected = expected
    // The readers of this ingest asked for the earlier blob, not for the one that the client now announces: they fail.
    this.#growing?.fail()
    this.#listing?.[Symbol.dispose]()
    this.#growing = undefined
    const { namespace, ref, folder } = this.#record
    if (!isDigest(expected) || this.#store.records.find(namespace, expected) === undefined) return
    this.#done = true
    this.#store.ingests.remove(namespace, ref)
    await rm(this.#store.layout.ingest(folder), { recursive: true, force: true })
    throw new StackError('already-exists', `blob with expected digest ${expected} exists: already exists`)
  }

  /**
   * Appends data at the offset where the ingest is. Offset 0 starts it afresh.
   *
   * @throws `out-of-range` for any other offset
   */
  async write(offset: number, data: Uint8Array): Promise<void> {
    if (this.#shared !== undefined) {
      // The bytes are there; what a client sends of them is not needed.
      if (offset + data.length > this.#shared.size) throw outOfRange(offset, this.#shared.size)
      return
    }
    const file = this.#file!
    if (offset === 0 && file.offset > 0) await this.#startAgain(file)
    else if (offset !== file.offset) throw outOfRange(offset, file.offset)
    const { total } = this.#record
    if (total > 0 && offset + data.length > total)
      throw failed(`offset ${offset + data.length} is past the announced size ${total}`)
    await file.append(data)
    this.#growing?.advance(file.offset)
    this.#record.updatedAt = nowMicros()
  }

  /**
   * Verifies, makes the bytes durable, and turns the ingest into a blob.
   *
   * @throws `failed-precondition` when size or digest are not what was announced; the ingest stays, what was announced
   * is forgotten
   * @throws `already-exists` when the namespace has the blob; the ingest is dropped
   */
  async commit(labels: Labels): Promise<Digest> {
    validateLabels(labels)
    const { offset: size, digest } = this.status()
    this.#checkAnnounced(size, digest)
    if (!isDigest(digest)) throw new StackError('internal', `computed digest ${digest} is malformed`)
    using _pin = this.#store.pin(digest)
    if (this.#file !== undefined) await this.#moveToBlob(this.#file, digest)
    await this.#finish(digest, size, labels)
    this.#growing?.complete()
    return digest
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // After a commit this changes nothing any more.
    this.#growing?.fail()
    this.#listing?.[Symbol.dispose]()
    try {
      await this.#file?.close()
      if (!this.#done) this.#store.ingests.save(this.#record)
    } finally {
      this.#pin?.[Symbol.dispose]()
      this.#lock[Symbol.dispose]()
    }
  }

  /**
   * Refuses a commit whose size or digest is not the announced one. The announcement may be a mistake of that commit
   * alone, so the writer drops it, and the next commit announces its own.
   */
  #checkAnnounced(size: number, digest: string): void {
    const { expected, total } = this.#record
    const wrongSize = total > 0 && total !== size
    if (!wrongSize && (expected === '' || expected === digest)) return
    Object.assign(this.#record, { expected: '', total: 0 })
    if (wrongSize) throw failed(`unexpected commit size ${size}, expected ${total}`)
    throw failed(`unexpected commit digest ${digest}, expected ${expected}`)
  }

  /** Lets others read what is there of a blob that is known by its digest. */
  #grow(): void {
    const { expected } = this.#record
    if (this.#file === undefined || !isDigest(expected)) return
    this.#growing = new GrowingBlob(this.#file.path, this.#file.offset)
    this.#listing = this.#store.growing.add(this.#record.namespace, expected, this.#growing)
  }

  async #startAgain(file: IngestFile): Promise<void> {
    this.#growing?.fail()
    this.#listing?.[Symbol.dispose]()
    await file.truncate()
    this.#grow()
  }

  /** The order is what makes a blob trustworthy: bytes on disk, then the name, then the folder, then the record. */
  async #moveToBlob(file: IngestFile, digest: Digest): Promise<void> {
    await file.sync()
    const target = this.#store.layout.blob(digest)
    if (!(await exists(target))) {
      await rename(file.path, target)
      syncDirectory(this.#store.layout.blobFolder(digest))
    }
    this.#growing?.moved(target)
  }

  async #finish(digest: Digest, size: number, labels: Labels): Promise<void> {
    const { namespace, ref, folder } = this.#record
    this.#done = true
    let existed = false
    try {
      await this.#store.database.write(() => {
        // The ingest goes in any case, so that a blob that exists is not an error of the transaction.
        this.#store.ingests.remove(namespace, ref)
        existed = this.#store.records.find(namespace, digest) !== undefined
        if (existed) this.#store.leases.hold(namespace, this.#lease, 'content', digest)
        else this.#store.records.add(namespace, digest, size, labels, this.#lease)
      })
    } finally {
      await rm(this.#store.layout.ingest(folder), { recursive: true, force: true })
    }
    if (existed) throw new StackError('already-exists', `content ${digest}: already exists`)
  }
}

/** The folder first: whoever is killed in between leaves what the next start sweeps, and no ingest without a folder. */
async function beginIngest(store: ContentStoreInner, init: ContentWriterInit): Promise<IngestRecord> {
  const { namespace, ref, expected, total, lease } = init
  const folder = newIngestFolder()
  await mkdir(store.layout.ingest(folder), { recursive: true, mode: 0o700 })
  return store.ingests.create({ namespace, ref, folder, expected, total }, lease)
}

function algorithmOf(record: IngestRecord): DigestAlgorithm {
  return isDigest(record.expected) ? digestAlgorithm(record.expected) : 'sha256'
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function failed(what: string): StackError {
  return new StackError('failed-precondition', `${what}: failed precondition`)
}

function outOfRange(offset: number, current: number): StackError {
  return new StackError('out-of-range', `write @${offset} must occur at current offset ${current}: out of range`)
}
