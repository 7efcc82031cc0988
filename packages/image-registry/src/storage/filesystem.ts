// SPDX-License-Identifier: Apache-2.0
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { StackError } from '@teu/errors'
import type { StorageDriver } from './driver.ts'
import { readFileAhead } from './read-ahead.ts'

/** What is collected before it is written: below this the calls cost more than the copying. */
const batchSize = 1024 * 1024

/**
 * Keeps a registry below a directory, in the tree that Docker's own registry uses, so that either can serve what the
 * other stored. The directory is made when it is missing. One process at a time may write to it.
 *
 * @public
 */
export function filesystemStorage(directory: string): StorageDriver {
  const root = path.resolve(directory)
  const at = (name: string) => path.join(root, name)

  return {
    async read(name) {
      return readFile(at(name)).catch(notFound(name))
    },
    async write(name, content) {
      const target = at(name)
      const temporary = `${target}.${process.pid}-${counter++}.tmp`
      await mkdir(path.dirname(target), { recursive: true })
      await using file = await open(temporary, 'wx', 0o644)
      await file.writeFile(content)
      await file.sync()
      await rename(temporary, target)
      await syncDirectory(path.dirname(target))
    },
    async stat(name) {
      const found = await stat(at(name)).catch(absent)
      return found?.isFile() ? { size: found.size, modified: found.mtimeMs } : undefined
    },
    open(name, range) {
      return readFileAhead(() => open(at(name), 'r').catch(notFound(name)), range)
    },
    async append(name, offset, source) {
      await mkdir(path.dirname(at(name)), { recursive: true })
      await using file = await open(at(name), offset === 0 ? 'w' : 'r+', 0o644).catch(notFound(name))
      const { size } = await file.stat()
      if (size !== offset) throw new StackError('out-of-range', `${name} does not end at ${offset}`)
      // Awaited here, because the file is closed on the way out.
      return await appendTo(file, offset, source)
    },
    async move(from, to) {
      const target = at(to)
      await mkdir(path.dirname(target), { recursive: true })
      await rename(at(from), target).catch(notFound(from))
      await syncDirectory(path.dirname(target))
    },
    async list(name) {
      const entries = await readdir(at(name)).catch(absent)
      return entries?.filter((entry) => !entry.endsWith('.tmp')) ?? []
    },
    async remove(name) {
      await rm(at(name), { recursive: true, force: true })
    },
  }
}

/** Makes names of unfinished files differ within this process. */
let counter = 0

async function appendTo(file: FileHandle, offset: number, source: AsyncIterable<Uint8Array>): Promise<number> {
  let length = offset
  let batch: Uint8Array[] = []
  let batched = 0
  let writing: Promise<unknown> = Promise.resolve()
  const flush = async () => {
    await writing
    if (batched === 0) return
    const [position, size] = [length, batched]
    length += size
    writing = file.writev(batch, position).then(({ bytesWritten }) => {
      if (bytesWritten !== size) throw new StackError('resource-exhausted', 'short write: no space left')
    })
    // The failure is looked at by the next flush; until then it must not count as unhandled.
    writing.catch(() => {})
    batch = []
    batched = 0
  }
  try {
    for await (const chunk of source) {
      batch.push(chunk)
      batched += chunk.byteLength
      if (batched >= batchSize) await flush()
    }
  } finally {
    await flush()
    await writing
    await file.datasync()
  }
  return length
}

async function syncDirectory(directory: string): Promise<void> {
  await using handle = await open(directory, 'r')
  await handle.sync()
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
