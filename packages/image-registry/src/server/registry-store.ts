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
   * Collect garbage at the start and once a day, see {@link Registry.collectGarbage}; as an object, how and every how many
   * milliseconds, at most 24 days. Default false.
   */
  autoCollect?:
    | boolean
    | (Omit<CollectGarbageOptions, 'dryRun' | 'signal' | 'uploadsOlderThanMs'> & { everyMs?: number })
  /**
   * After how many milliseconds uploads that nothing comes for are removed, whether garbage is collected or not. They are
   * looked for as often, but at most once a second and at least once a day. Default one week.
   */
  uploadsOlderThanMs?: number
}

const dayMs = 24 * 3600 * 1000
/** The longest that a timer of Node waits; beyond, it would not wait at all. */
const longestTimerMs = 2 ** 31 - 1

/** When uploads that were given up go. @internal */
export function uploadExpiryOf({ uploadsOlderThanMs = 7 * dayMs }: RegistryStoreInit): number {
  return uploadsOlderThanMs
}

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
  const isWriter = !readOnly && store.context.storage.capabilities.writable
  const uploadsOlderThanMs = uploadExpiryOf(init)
  const stopping = new AbortController()
  const { signal } = stopping
  const chore = (everyMs: number, work: () => Promise<unknown>) =>
    repeat(everyMs, async () => {
      try {
        await store.surveyed()
        if (isWriter && !signal.aborted) await work()
      } catch (error) {
        if (!signal.aborted) onError(error)
      }
    })
  const lookMs = Math.min(Math.max(uploadsOlderThanMs, 1000), dayMs)
  const chores = [chore(lookMs, () => store.uploads.expire(store.context.now() - uploadsOlderThanMs))]
  if (autoCollect !== false) {
    const { everyMs = dayMs, ...options } = autoCollect === true ? {} : autoCollect
    chores.push(chore(everyMs, () => collectGarbage(store, { ...options, uploadsOlderThanMs, signal })))
  }
  return {
    async stop() {
      stopping.abort()
      await Promise.all(chores.map((end) => end()))
    },
  }
}

/** Does work now and again and again, never twice at once; answers how to end it. */
function repeat(everyMs: number, work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  const run = () => {
    running ??= work().finally(() => {
      running = undefined
    })
  }
  const timer = setInterval(run, Math.min(everyMs, longestTimerMs)).unref()
  run()
  return async () => {
    clearInterval(timer)
    await running
  }
}
