// SPDX-License-Identifier: Apache-2.0
import type { StorageDriver, StoredObject, WalkableStorage } from './driver.ts'

/** How many names are looked at together where each costs a wait. */
const width = 16

/** All objects below a path of any storage: by its own walk, or name by name. @internal */
export function walk(driver: StorageDriver, path: string): AsyncIterable<StoredObject> {
  return isWalkable(driver) ? driver.walk(path) : nameByName(driver, path)
}

function isWalkable(driver: StorageDriver): driver is WalkableStorage {
  return 'walk' in driver && typeof driver.walk === 'function'
}

async function* nameByName(driver: StorageDriver, path: string): AsyncGenerator<StoredObject> {
  const names = await driver.list(path)
  for (let start = 0; start < names.length; start += width) {
    const paths = names.slice(start, start + width).map((name) => (path === '' ? name : `${path}/${name}`))
    const found = await Promise.all(paths.map((each) => driver.stat(each)))
    for (const [index, stat] of found.entries()) {
      const each = paths[index] as string
      if (stat === undefined) yield* nameByName(driver, each)
      else yield { path: each, ...stat }
    }
  }
}
