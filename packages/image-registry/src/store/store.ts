// SPDX-License-Identifier: Apache-2.0
import path from 'node:path'
import { StackError } from '@teu/errors'
import { inMemory } from '../references/database.ts'
import { ReferenceIndex } from '../references/reference-index.ts'
import type { DisposableStorage, RecoverableStorage, StorageDriver } from '../storage/driver.ts'
import { failpointsOf } from '../storage/failpoints.ts'
import { filesystemStorage } from '../storage/filesystem.ts'
import { BlobStore } from './blob-store.ts'
import type { StoreContext } from './context.ts'
import { Gates } from './gate.ts'
import { Holds } from './holds.ts'
import type { StoreLimits } from './limits.ts'
import { ManifestStore } from './manifest-store.ts'
import { Seen } from './seen.ts'
import { Survey } from './survey.ts'
import { Turns } from './turns.ts'
import { UploadStore } from './upload-store.ts'

/** Constructor data of a {@link Store}. @public */
export interface StoreInit {
  /** A storage, or the path of a directory to keep it in. */
  storage: StorageDriver | string
  /**
   * The file of the index of references. Default: beside a directory's content (`teu/index.db` below it), else in
   * memory. It is made anew from the storage when it is missing, damaged or of another version.
   */
  index?: string
  /** Change nothing, and let another process write. The index is then in memory, and follows what the other does. Default false. */
  readOnly?: boolean
  /** Rules for what is written. */
  limits?: StoreLimits
}

/** How long what was read of a repository is believed when another process may write. */
const followMs = 2_000

/**
 * What a registry holds: content in a storage, and the index of who holds what. One process at a time writes to a
 * storage; the index's file is locked while a store is open. Servers and maintenance take it as their argument.
 *
 * @public
 */
export class Store implements AsyncDisposable {
  /** @internal */
  readonly blobs: BlobStore
  /** @internal */
  readonly manifests: ManifestStore
  /** @internal */
  readonly uploads: UploadStore
  /** @internal */
  readonly context: StoreContext
  readonly #ownsStorage: boolean

  /** @internal */
  constructor(context: StoreContext, ownsStorage: boolean) {
    this.context = context
    this.#ownsStorage = ownsStorage
    this.blobs = new BlobStore(context)
    this.manifests = new ManifestStore(context, this.blobs)
    this.uploads = new UploadStore(context, this.blobs)
  }

  /** Resolves when the index is known to be right about all of the storage; begun in the background when it is first needed. */
  surveyed(): Promise<void> {
    return this.context.survey.all()
  }

  /** Ends what goes on in the background and closes the index, and the storage when the store made it. */
  async close(): Promise<void> {
    const { survey, seen, index, storage } = this.context
    await survey.close()
    try {
      seen.flush()
    } finally {
      index.close()
    }
    if (this.#ownsStorage && isDisposable(storage)) await storage[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/**
 * Opens a store. Fails with `failed-precondition` when another process has it open for writing.
 *
 * @public
 */
export function openStore(init: StoreInit): Promise<Store> {
  return openStoreWith(init, {})
}

/** What only tests, and who embeds a store, say. @internal */
export interface StoreComponents {
  now?: () => number
  /** The storage ends with the store although it was not given as a path. */
  ownsStorage?: boolean
}

/** The same, with a clock. @internal */
export async function openStoreWith(init: StoreInit, components: StoreComponents): Promise<Store> {
  const { now = Date.now } = components
  const storage = typeof init.storage === 'string' ? filesystemStorage(init.storage) : init.storage
  const reached = failpointsOf(storage)
  const readOnly = init.readOnly === true || !storage.capabilities.writable
  const index = new ReferenceIndex(readOnly ? inMemory : indexFile(init, storage))
  try {
    // The index is locked now, so nobody else is at the storage.
    if (!readOnly && isRecoverable(storage)) await storage.recover()
    const gates = new Gates()
    const follows = readOnly && storage.capabilities.persistent
    const survey = new Survey({
      storage,
      index,
      gates,
      now,
      staleAfterMs: follows ? followMs : Number.POSITIVE_INFINITY,
    })
    // Who only reads removes nothing, and counts by when content came.
    const seen = new Seen(index, now, storage.capabilities.persistent && !readOnly)
    const shared = { storage, index, gates, survey, seen, now, reached, isReadOnly: readOnly }
    const context = { ...shared, holds: new Holds(), turns: new Turns(), limits: init.limits ?? {} }
    return new Store(context, typeof init.storage === 'string' || components.ownsStorage === true)
  } catch (error) {
    index.close()
    throw error
  }
}

function indexFile({ index }: StoreInit, { capabilities }: StorageDriver): string {
  if (index === '') throw new StackError('invalid-argument', 'the name of the index is empty')
  if (index !== undefined) return index
  return capabilities.privateDirectory === undefined ? inMemory : path.join(capabilities.privateDirectory, 'index.db')
}

function isRecoverable(storage: StorageDriver): storage is RecoverableStorage {
  return 'recover' in storage && typeof storage.recover === 'function'
}

function isDisposable(storage: StorageDriver): storage is DisposableStorage {
  return Symbol.asyncDispose in storage
}
