// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { StorageDriver } from './driver.ts'

/** Keeps a registry in this process's memory: for tests, and for serving what need not outlive them. @public */
export function memoryStorage(): StorageDriver {
  const objects = new Map<string, Buffer[]>()
  const written = new Map<string, number>()

  const put = (path: string, chunks: Buffer[]) => {
    objects.set(path, chunks)
    written.set(path, Date.now())
  }

  const chunksOf = (path: string): Buffer[] => {
    const chunks = objects.get(path)
    if (chunks === undefined) throw new StackError('not-found', `no such object: ${path}`)
    return chunks
  }
  const lengthOf = (chunks: readonly Buffer[]) => chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)

  return {
    async read(path) {
      return Buffer.concat(chunksOf(path))
    },
    async write(path, content) {
      put(path, [Buffer.from(content)])
    },
    async stat(path) {
      const chunks = objects.get(path)
      return chunks && { size: lengthOf(chunks), modified: written.get(path) ?? 0 }
    },
    open(path, range) {
      return slices(() => chunksOf(path), range?.start ?? 0, (range?.end ?? Number.MAX_SAFE_INTEGER) + 1)
    },
    async append(path, offset, source) {
      const chunks = offset === 0 ? [] : chunksOf(path)
      if (lengthOf(chunks) !== offset) throw new StackError('out-of-range', `${path} does not end at ${offset}`)
      put(path, chunks)
      for await (const chunk of source) chunks.push(Buffer.from(chunk))
      return lengthOf(chunks)
    },
    async move(from, to) {
      put(to, chunksOf(from))
      objects.delete(from)
      written.delete(from)
    },
    async list(path) {
      const prefix = path === '' ? '' : `${path}/`
      const below = [...objects.keys()].filter((key) => key.startsWith(prefix))
      return [...new Set(below.map((key) => key.slice(prefix.length).split('/', 1)[0] as string))]
    },
    async remove(path) {
      for (const key of [...objects.keys()].filter((key) => key === path || key.startsWith(`${path}/`))) {
        objects.delete(key)
        written.delete(key)
      }
    },
  }
}

async function* slices(chunksOf: () => readonly Buffer[], start: number, end: number): AsyncGenerator<Buffer> {
  let at = 0
  for (const chunk of chunksOf()) {
    const [from, to] = [Math.max(start - at, 0), Math.min(end - at, chunk.byteLength)]
    if (from < to) yield chunk.subarray(from, to)
    at += chunk.byteLength
  }
}
