// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { DisposableStorage, RecoverableStorage, StoredObject, WalkableStorage } from '../driver.ts'
import { tree } from '../tree.ts'
import { Bucket, type CopySource } from './bucket.ts'
import { GrowingObjects } from './growing-objects.ts'
import { minimumPart, type Piece, planParts } from './parts.ts'
import type { S3StorageInit } from './s3-init.ts'

/** Up to this many bytes, an object is made by one request rather than of parts. */
const maximumWhole = 2 * minimumPart

/**
 * Keeps a registry in a bucket of Amazon S3, or of a service that speaks its protocol, in the tree that Docker's own
 * registry uses. Needs the package `@aws-sdk/client-s3`, which is loaded with the first request. One process at a
 * time may write to it; nothing in the protocol could keep a second one out.
 *
 * What it acknowledges is as durable as the service makes it. The index of references is in memory and read from the
 * bucket at every start, unless `createRegistry` is given the `index` of a file to keep it in.
 *
 * Fails with `unavailable` when the service does not answer, `permission-denied` when it refuses, `failed-precondition`
 * without the package.
 *
 * @public
 */
export function s3Storage(init: S3StorageInit): WalkableStorage & RecoverableStorage & DisposableStorage {
  const { prefix = '', partSize = 8 * 1024 * 1024, maximumParts = 8 } = init
  if (init.bucket === '') throw new StackError('invalid-argument', 'the name of the bucket is empty')
  if (partSize < minimumPart) throw new StackError('invalid-argument', `parts of fewer than ${minimumPart} bytes`)
  const base = prefix === '' ? '' : `${prefix}/`
  const keyOf = (path: string) => `${base}${path}`
  const bucket = new Bucket(init)
  // Beside the tree that other programs know.
  const growing = new GrowingObjects(bucket, `${base}teu/growing/`, { partSize, maximumParts })

  return {
    capabilities: { persistent: true, writable: true },
    async read(path) {
      const found = await growing.find(path)
      return found === undefined
        ? bucket.get(keyOf(path))
        : Buffer.concat(await Array.fromAsync(growing.open(found, { start: 0, end: found.size - 1 })))
    },
    write: (path, content) => bucket.put(keyOf(path), content),
    stat: async (path) => statOf((await growing.find(path)) ?? (await bucket.head(keyOf(path)))),
    async *open(path, range) {
      const found = await growing.find(path)
      if (found === undefined) yield* bucket.open(keyOf(path), range)
      else yield* growing.open(found, range ?? { start: 0, end: found.size - 1 })
    },
    async append(path, offset, source) {
      if (offset === 0) await bucket.delete([keyOf(path)])
      return growing.append(path, offset, source)
    },
    async move(from, to) {
      const found = await growing.find(from)
      await assemble(bucket, keyOf(to), found?.pieces ?? (await wholePiece(bucket, keyOf(from))))
      if (found === undefined) await bucket.delete([keyOf(from)])
      else await growing.remove(from)
    },
    async list(path) {
      const names = new Set(await bucket.names(path === '' ? base : `${keyOf(path)}/`))
      for (const [place] of await growing.below(path))
        names.add(place.slice(path === '' ? 0 : path.length + 1).split('/', 1)[0] as string)
      if (path === '') names.delete('teu')
      return [...names]
    },
    async remove(path) {
      const below = await Array.fromAsync(bucket.list(`${keyOf(path)}/`), ({ key }) => key)
      await bucket.delete([keyOf(path), ...below])
      await growing.remove(path)
      for (const [place] of await growing.below(path)) await growing.remove(place)
    },
    async *walk(path) {
      for await (const { key, size, modified } of bucket.list(path === '' ? base : `${keyOf(path)}/`))
        if (!key.startsWith(`${base}teu/`)) yield { path: key.slice(base.length), size, modified }
      for (const [place, { size, modified }] of await growing.below(path)) yield { path: place, size, modified }
    },
    recover: () => bucket.abandonAssemblies(`${base}${tree.blobs}/`),
    [Symbol.asyncDispose]: () => bucket.close(),
  }
}

function statOf(found: Pick<StoredObject, 'size' | 'modified'> | undefined) {
  return found && { size: found.size, modified: found.modified }
}

async function wholePiece(bucket: Bucket, key: string): Promise<Piece[]> {
  const found = await bucket.head(key)
  if (found === undefined) throw new StackError('not-found', `no such object: ${key}`)
  return [{ key, start: 0, size: found.size }]
}

async function assemble(bucket: Bucket, key: string, pieces: readonly Piece[]): Promise<void> {
  const read = async (sources: readonly CopySource[]) => {
    const chunks: Uint8Array[] = []
    for (const source of sources) for await (const chunk of bucket.open(source.key, source.range)) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  const size = pieces.reduce((sum, piece) => sum + piece.size, 0)
  const parts = planParts(pieces)
  if (size > maximumWhole) await bucket.assemble(key, parts, read)
  else await bucket.put(key, await read(parts.flat()))
}
