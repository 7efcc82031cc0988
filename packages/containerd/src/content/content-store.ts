// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { renameSync } from 'node:fs'
import { type FileHandle, open, rm, stat } from 'node:fs/promises'
import { knownLabels } from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import { type Digest, isDigest } from '@teu/oci-spec/image'
import type { MetadataDatabase } from '../metadata/database.ts'
import type { LeaseStore } from '../metadata/leases.ts'
import type { NamespaceStore } from '../metadata/namespaces.ts'
import type { ContentLayout } from './content-layout.ts'
import type { ContentRecords } from './content-records.ts'
import { ContentWriter, type ContentWriterInit } from './content-writer.ts'
import { GrowingBlobs } from './growing-blob.ts'
import type { IngestRecord, IngestRecords } from './ingest-records.ts'
import { RefLocks } from './ref-locks.ts'

/** What the content store stands on. */
export interface ContentStoreComponents {
  database: MetadataDatabase
  namespaces: NamespaceStore
  leases: LeaseStore
  layout: ContentLayout
  records: ContentRecords
  ingests: IngestRecords
}

/** What a writer needs of its store. */
export interface ContentStoreInner extends ContentStoreComponents {
  readonly locks: RefLocks
  readonly growing: GrowingBlobs
  pin(digest: Digest): Disposable
  sharedBlob(namespace: string, record: IngestRecord): Promise<{ digest: Digest; size: number } | undefined>
}

/** An ingest and how many bytes of it there are. */
export interface IngestStatus extends IngestRecord {
  offset: number
}

/** The blobs and ingests of all namespaces. */
export class ContentStore implements ContentStoreInner {
  readonly database: MetadataDatabase
  readonly namespaces: NamespaceStore
  readonly leases: LeaseStore
  readonly layout: ContentLayout
  readonly records: ContentRecords
  readonly ingests: IngestRecords
  readonly locks = new RefLocks()
  /** What is being written. */
  readonly growing = new GrowingBlobs()
  readonly #policy: 'shared' | 'isolated'
  readonly #pins = new Map<Digest, number>()

  constructor(components: ContentStoreComponents, policy: 'shared' | 'isolated') {
    this.database = components.database
    this.namespaces = components.namespaces
    this.leases = components.leases
    this.layout = components.layout
    this.records = components.records
    this.ingests = components.ingests
    this.#policy = policy
  }

  /** Removes what a daemon that was killed left half-made: ingests and blobs that no record knows of. */
  async reconcile(): Promise<void> {
    await this.layout.prepare()
    await this.layout.sweepIngests(this.ingests.folders())
    for (const digest of await this.layout.digests()) if (isDigest(digest)) await this.removeFile(digest)
  }

  /** Opens a blob of a namespace for reading. */
  async openBlob(namespace: string, digest: Digest): Promise<{ file: FileHandle; size: number }> {
    const { size } = this.records.get(namespace, digest)
    try {
      return { file: await open(this.layout.blob(digest)), size: Number(size) }
    } catch (error) {
      throw new StackError('not-found', `content ${digest}: its file is gone: not found`, { cause: error })
    }
  }

  openWriter(init: ContentWriterInit): Promise<ContentWriter> {
    return ContentWriter.open(this, init)
  }

  async ingestStatus(record: IngestRecord): Promise<IngestStatus> {
    const found = await stat(this.layout.ingestData(record.folder)).catch(() => undefined)
    return { ...record, offset: found?.size ?? 0 }
  }

  /** @throws `not-found` when there is no such ingest, `unavailable` while it has a writer */
  async abort(namespace: string, ref: string): Promise<void> {
    const record = this.ingests.find(namespace, ref)
    if (record === undefined) throw new StackError('not-found', `ingest ref ${JSON.stringify(ref)}: not found`)
    using _lock = this.locks.take(namespace, ref)
    this.ingests.remove(namespace, ref)
    await rm(this.layout.ingest(record.folder), { recursive: true, force: true })
  }

  /** Keeps a blob's file from garbage collection while its record is not written yet. */
  pin(digest: Digest): Disposable {
    this.#pins.set(digest, (this.#pins.get(digest) ?? 0) + 1)
    return {
      [Symbol.dispose]: () => {
        const left = (this.#pins.get(digest) ?? 1) - 1
        if (left > 0) this.#pins.set(digest, left)
        else this.#pins.delete(digest)
      },
    }
  }

  /**
   * Removes the file of a blob unless a record or a writer needs it. Says whether it did. Checked and renamed without
   * a pause, so that no writer can commit the same blob in between; only then is it unlinked, which may take long for
   * a large one. What a kill leaves under its new name, the next start removes as an ingest that no record knows of.
   */
  async removeFile(digest: Digest): Promise<boolean> {
    if (this.#pins.has(digest) || this.records.sizeAnywhere(digest) !== undefined) return false
    const removed = this.layout.ingest(`removed-${randomBytes(8).toString('hex')}`)
    try {
      renameSync(this.layout.blob(digest), removed)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
      throw error
    }
    await rm(removed, { force: true })
    return true
  }

  /** The blob of another namespace that a writer may attach to, when namespaces share. */
  async sharedBlob(namespace: string, record: IngestRecord): Promise<{ digest: Digest; size: number } | undefined> {
    const { expected, ref, folder } = record
    if (!isDigest(expected)) return undefined
    if (this.records.find(namespace, expected) !== undefined) {
      this.ingests.remove(namespace, ref)
      await rm(this.layout.ingest(folder), { recursive: true, force: true })
      throw new StackError('already-exists', `content ${expected}: already exists`)
    }
    const size = this.records.sizeAnywhere(expected)
    if (size === undefined || !(await this.#mayShare(expected))) return undefined
    const onDisk = await stat(this.layout.blob(expected)).catch(() => undefined)
    return onDisk?.size === size ? { digest: expected, size } : undefined
  }

  async #mayShare(digest: Digest): Promise<boolean> {
    if (this.#policy === 'shared') return true
    return this.database
      .all('SELECT namespace FROM content WHERE digest = ?', digest)
      .some((row) => this.namespaces.label(String(row.namespace), knownLabels.shareable) === 'true')
  }
}
