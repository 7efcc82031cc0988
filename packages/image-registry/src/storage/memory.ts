// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { DisposableStorage, StoredObject, WalkableStorage } from './driver.ts'
import { MemoryObject } from './memory-object.ts'
import { SpillFile } from './spill-file.ts'

/** Options of {@link memoryStorage}. @public */
export interface MemoryStorageOptions {
  /** Where the file for long objects is made. Default: the system's folder for temporary files. */
  spillDirectory?: string
}

interface Folder {
  entries: Map<string, Folder | MemoryObject>
}

/**
 * Keeps a registry in this process's memory: for tests, and for serving what need not outlive them. Objects over 1 MiB
 * lie in one temporary file that has no name, so it is gone with the process however that ends.
 *
 * @public
 */
export function memoryStorage(options: MemoryStorageOptions = {}): WalkableStorage & DisposableStorage {
  const spill = new SpillFile(options.spillDirectory)
  const root: Folder = { entries: new Map() }

  const put = (path: string, object: MemoryObject) => {
    const { folder, name } = parentOf(root, path, true) as Place
    discard(folder.entries.get(name))
    folder.entries.set(name, object)
  }
  const take = (path: string) => {
    const place = parentOf(root, path, false)
    const found = place?.folder.entries.get(place.name)
    place?.folder.entries.delete(place.name)
    return found
  }
  const objectAt = (path: string): MemoryObject => {
    const found = find(root, path)
    if (found instanceof MemoryObject) return found
    throw new StackError('not-found', `no such object: ${path}`)
  }

  return {
    capabilities: { persistent: false, writable: true },
    async read(path) {
      return Buffer.concat(await Array.fromAsync(objectAt(path).read(), (chunk) => Buffer.from(chunk)))
    },
    async write(path, content) {
      const object = new MemoryObject(spill)
      await object.append(only(content))
      put(path, object)
    },
    async stat(path) {
      const found = find(root, path)
      return found instanceof MemoryObject ? { size: found.size, modified: found.modified } : undefined
    },
    async *open(path, range) {
      yield* objectAt(path).read(range)
    },
    async append(path, offset, source) {
      if (offset === 0) put(path, new MemoryObject(spill))
      const object = objectAt(path)
      if (object.size !== offset) throw new StackError('out-of-range', `${path} does not end at ${offset}`)
      await object.append(source)
      return object.size
    },
    async move(from, to) {
      const object = objectAt(from)
      take(from)
      put(to, object)
    },
    async list(path) {
      const found = find(root, path)
      return found === undefined || found instanceof MemoryObject ? [] : [...found.entries.keys()]
    },
    async remove(path) {
      discard(take(path))
    },
    async *walk(path) {
      const found = find(root, path)
      if (found !== undefined && !(found instanceof MemoryObject)) yield* below(found, path)
    },
    [Symbol.asyncDispose]: () => spill.close(),
  }
}

interface Place {
  folder: Folder
  name: string
}

function parentOf(root: Folder, path: string, make: boolean): Place | undefined {
  const parts = path.split('/')
  const name = parts.pop() as string
  let folder = root
  for (const part of parts) {
    let next = folder.entries.get(part)
    if (next === undefined && make) {
      next = { entries: new Map() }
      folder.entries.set(part, next)
    }
    if (next === undefined || next instanceof MemoryObject) return undefined
    folder = next
  }
  return { folder, name }
}

function find(root: Folder, path: string): Folder | MemoryObject | undefined {
  if (path === '') return root
  const place = parentOf(root, path, false)
  return place?.folder.entries.get(place.name)
}

function discard(what: Folder | MemoryObject | undefined): void {
  if (what instanceof MemoryObject) what.remove()
  else for (const entry of what?.entries.values() ?? []) discard(entry)
}

function* below(folder: Folder, path: string): Generator<StoredObject> {
  for (const [name, entry] of [...folder.entries]) {
    const at = path === '' ? name : `${path}/${name}`
    if (entry instanceof MemoryObject) yield { path: at, size: entry.size, modified: entry.modified }
    else yield* below(entry, at)
  }
}

async function* only(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content
}
