// SPDX-License-Identifier: Apache-2.0
import { type FileHandle, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { StackError } from '@teu/errors'
import { appendToFile, SyncFailure } from './append-file.ts'
import type { RecoverableStorage, StoredObject, WalkableStorage } from './driver.ts'
import { DurableFiles } from './durable-files.ts'
import { type Failpoints, noFailpoints, withFailpoints } from './failpoints.ts'
import { readFileAhead } from './read-ahead.ts'

/** How many folders of a walk are looked into at once. */
const walkWidth = 32

/** Where files that are none of the tree's lie: temporary ones, the index, what is being removed. */
const privateName = 'teu'

/**
 * Keeps a registry below a directory, in the tree that Docker's own registry uses, so that either can serve what the
 * other stored. The directory is made when it is missing. One process at a time may write to it.
 *
 * What it acknowledges survives a power cut: bytes are synced before their name is made, and the folder that holds the
 * name, and every folder made on the way to it, after.
 *
 * A full disk is `resource-exhausted`, which a registry answers with 503, and goes on when there is room again.
 *
 * @public
 */
export function filesystemStorage(directory: string): WalkableStorage & RecoverableStorage {
  return filesystemWith(directory, noFailpoints)
}

/** The same, with failpoints. @internal */
export function filesystemWith(directory: string, reached: Failpoints): WalkableStorage & RecoverableStorage {
  const root = path.resolve(directory)
  const at = (name: string) => path.join(root, name)
  const privateDirectory = path.join(root, privateName)
  const files = new DurableFiles(privateDirectory, reached)

  const driver: WalkableStorage & RecoverableStorage = {
    capabilities: { persistent: true, writable: true, privateDirectory },
    async read(name) {
      return readFile(at(name)).catch(notFound(name))
    },
    async write(name, content) {
      await files.write(at(name), content).catch(full(name))
    },
    async stat(name) {
      const found = await stat(at(name)).catch(absent)
      return found?.isFile() ? { size: found.size, modified: found.mtimeMs } : undefined
    },
    open(name, range) {
      return readFileAhead(() => open(at(name), 'r').catch(notFound(name)), range)
    },
    async append(name, offset, source) {
      const opening = () => openForAppending(at(name), offset)
      const opened = offset === 0 ? files.inDirectory(path.dirname(at(name)), opening) : opening()
      const handle = await opened.catch(full(name)).catch(notFound(name))
      return append(handle, { file: at(name), name, offset }, source, reached).catch(full(name))
    },
    async move(from, to) {
      await files.place(at(from), at(to)).catch(full(to)).catch(notFound(from))
    },
    async list(name) {
      const names = (await readdir(at(name)).catch(absent)) ?? []
      return name === '' ? names.filter((each) => each !== privateName) : names
    },
    async remove(name, options = {}) {
      await files.remove(at(name), options)
    },
    walk: (name) => walkFolders(root, name),
    recover: () => files.recover(),
  }
  return withFailpoints(driver, reached)
}

async function openForAppending(file: string, offset: number): Promise<FileHandle> {
  // Made anew rather than emptied: whoever reads the old one reads it to its end.
  if (offset === 0) await rm(file, { force: true })
  return open(file, offset === 0 ? 'wx' : 'r+', 0o644)
}

async function append(
  opened: FileHandle,
  { file, name, offset }: { file: string; name: string; offset: number },
  source: AsyncIterable<Uint8Array>,
  reached: Failpoints,
): Promise<number> {
  await using handle = opened
  const { size } = await handle.stat()
  if (size !== offset) throw new StackError('out-of-range', `${name} does not end at ${offset}`)
  await reached('append.opened')
  try {
    const length = await appendToFile(handle, offset, source)
    await reached('append.synced')
    return length
  } catch (error) {
    if (error instanceof SyncFailure) await rm(file, { force: true })
    throw error
  }
}

async function* walkFolders(root: string, top: string): AsyncGenerator<StoredObject> {
  const pending = [top]
  while (pending.length > 0) {
    const scanned = await Promise.all(pending.splice(-walkWidth).map((folder) => scan(root, folder)))
    for (const { folders, objects } of scanned) {
      pending.push(...folders)
      yield* objects
    }
  }
}

async function scan(root: string, folder: string): Promise<{ folders: string[]; objects: StoredObject[] }> {
  const entries = (await readdir(path.join(root, folder), { withFileTypes: true }).catch(absent)) ?? []
  const below = (name: string) => (folder === '' ? name : `${folder}/${name}`)
  const folders = entries.filter((entry) => entry.isDirectory() && !(folder === '' && entry.name === privateName))
  const objects = entries.filter((entry) => entry.isFile()).map((entry) => below(entry.name))
  const stats = await Promise.all(objects.map((name) => stat(path.join(root, name)).catch(absent)))
  return {
    folders: folders.map((entry) => below(entry.name)),
    objects: objects.flatMap((name, index) => {
      const found = stats[index]
      return found ? [{ path: name, size: found.size, modified: found.mtimeMs }] : []
    }),
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
}

function notFound(name: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
    throw new StackError('not-found', `no such object: ${name}`, { cause: error })
  }
}

function full(name: string): (error: unknown) => never {
  return (error) => {
    const { code } = (error instanceof SyncFailure ? error.cause : error) as NodeJS.ErrnoException
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error
    throw new StackError('resource-exhausted', `${name}: no space left on the disk`, { cause: error })
  }
}
