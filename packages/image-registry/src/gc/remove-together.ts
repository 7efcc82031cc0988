// SPDX-License-Identifier: Apache-2.0
import path from 'node:path'
import type { StorageDriver } from '../storage/driver.ts'

/** So many that those who push, whose waits for the disk are in the same queue, do not keep them waiting. */
const width = 64

/** Where something lies that is to be removed. @internal */
export interface Place {
  /** Lies among others whose removal waits for the disk together. */
  folder: string
  /** All that is in the folder, when that is known: it costs less to remove. Default: the folder, whole. */
  object?: string
}

/** What is done about places that are removed together. @internal */
export interface Removal<P extends Place> {
  /**
   * They stay away after a power cut, for which one wait for the disk is paid in each folder: its last one's, which
   * covers the others.
   */
  durably: boolean
  removed(place: P): void | Promise<void>
  failed?(place: P): Promise<void>
}

/** Removes many places from a storage, several at a time. Fails with the first failure when all were tried. @internal */
export async function removeTogether<P extends Place>(
  storage: StorageDriver,
  places: readonly P[],
  { durably, removed, failed }: Removal<P>,
): Promise<void> {
  const failures: unknown[] = []
  const remove = async (place: P, lazily: boolean) => {
    const { folder, object } = place
    try {
      await storage.remove(object === undefined ? folder : `${folder}/${object}`, { lazily })
      await removed(place)
    } catch (error) {
      failures.push(error)
      await failed?.(place)
    }
  }
  const lasts = new Map(durably ? places.map((place) => [path.posix.dirname(place.folder), place]) : [])
  const others = places.filter((place) => lasts.get(path.posix.dirname(place.folder)) !== place)
  await inParallel(others, (place) => remove(place, true))
  await inParallel([...lasts.values()], (place) => remove(place, false))
  if (failures.length > 0) throw failures[0]
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < items.length) await work(items[next++] as Item)
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
}
