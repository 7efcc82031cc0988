// SPDX-License-Identifier: Apache-2.0
import { type CollectGarbageOptions, collectGarbage } from '../gc/collect-garbage.ts'
import type { StorageDriver } from '../storage/driver.ts'
import { memoryStorage } from '../storage/memory.ts'
import type { StoreLimits } from '../store/limits.ts'
import { openStoreWith, type Store } from '../store/store.ts'

/** What a registry is told about its store. @public */
export interface RegistryStoreInit {
  /** A storage, or the path of a directory to keep it in. Default: this process's memory. */
  storage?: StorageDriver | string
  /** The file of the index of references, see {@link StoreInit.index}. */
  index?: string
  /** Refuse everything that writes, with 405, and let another process write. Default false. */
  readOnly?: boolean
  /** Quotas of repositories, and tags that cannot be moved. Default: none. */
  limits?: StoreLimits
  /**
   * Collect garbage once a day, see {@link Registry.collectGarbage}; as an object, how and how often. Uploads that
   * were given up are removed in any case. Default false.
   */
  autoCollect?: boolean | (Omit<CollectGarbageOptions, 'dryRun' | 'signal'> & { everyMs?: number })
}

const dayMs = 24 * 3600 * 1000

/** Opens the store of a registry. @internal */
export function openRegistryStore(init: RegistryStoreInit): Promise<Store> {
  const { storage = memoryStorage(), index, readOnly = false, limits } = init
  return openStoreWith(
    { storage, readOnly, ...(index !== undefined && { index }), ...(limits && { limits }) },
    { ownsStorage: init.storage === undefined },
  )
}

/** Work that a registry does by itself. @internal */
export interface Upkeep {
  stop(): Promise<void>
}

/** Reads what the storage holds, removes what was given up, and collects garbage when that was asked for. @internal */
export function startUpkeep(store: Store, init: RegistryStoreInit, onError: (error: unknown) => void): Upkeep {
  const { autoCollect = false, readOnly = false } = init
  const { everyMs = dayMs, ...options } = typeof autoCollect === 'object' ? autoCollect : {}
  const isWriter = !readOnly && store.context.storage.capabilities.writable
  const stopping = new AbortController()
  const chores = async () => {
    await store.surveyed()
    if (!isWriter || stopping.signal.aborted) return
    if (autoCollect !== false) await collectGarbage(store, { ...options, signal: stopping.signal })
    else await store.uploads.expire(Date.now() - (options.uploadsOlderThanMs ?? 7 * dayMs))
  }
  let running: Promise<void> = Promise.resolve()
  const start = () => {
    running = chores().catch((error: unknown) => {
      if (!stopping.signal.aborted) onError(error)
    })
  }
  const timer = setInterval(start, everyMs).unref()
  start()
  return {
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await running
    },
  }
}
