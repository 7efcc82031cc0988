// SPDX-License-Identifier: Apache-2.0
import path from 'node:path'
import type { StorageDriver } from '../storage/driver.ts'

const width = 16

/** What is done about places that are removed together. @internal */
export interface Removal<Place> {
  /**
   * They stay away after a power cut, for which one wait for the disk is paid in each folder: its last one's, which
   * covers the others.
   */
  durably: boolean
  removed(place: Place): void | Promise<void>
  failed?(place: Place): Promise<void>
}

/** Removes many places from a storage, several at a time. Fails with the first failure when all were tried. @internal */
export async function removeTogether<Place extends { path: string }>(
  storage: StorageDriver,
  places: readonly Place[],
  { durably, removed, failed }: Removal<Place>,
): Promise<void> {
  const failures: unknown[] = []
  const remove = async (place: Place, lazily: boolean) => {
    try {
      await storage.remove(place.path, { lazily })
      await removed(place)
    } catch (error) {
      failures.push(error)
      await failed?.(place)
    }
  }
  const lasts = new Map(durably ? places.map((place) => [path.posix.dirname(place.path), place]) : [])
  const others = places.filter((place) => lasts.get(path.posix.dirname(place.path)) !== place)
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
