// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { hasCode } from '@teu/errors'
import { type Digest, digestAlgorithm, finishDigest, isDigest } from '@teu/oci-spec/image'
import type { StorageDriver, StoredObject } from '../storage/driver.ts'
import { tree } from '../storage/tree.ts'
import { walk } from '../storage/walk.ts'
import type { Store } from '../store/store.ts'
import type { Suspicion } from './finding.ts'

/** How many blobs are read at once. */
const width = 4

interface CheckBlobsOptions {
  contents: boolean
  result: { blobs: number; bytes: number }
  signal: AbortSignal | undefined
}

/** Reads all blobs, and looks for files among them that are none. @internal */
export async function* checkBlobs(
  store: Store,
  { contents, result, signal }: CheckBlobsOptions,
): AsyncGenerator<Suspicion> {
  const { storage } = store.context
  let batch: StoredObject[] = []
  for await (const object of walk(storage, tree.blobs)) {
    signal?.throwIfAborted()
    const digest = digestAt(object.path)
    if (digest === undefined) {
      yield orphan(storage, object.path)
      continue
    }
    result.blobs++
    result.bytes += object.size
    if (batch.push(object) < width) continue
    if (contents) yield* corrupt(store, batch)
    batch = []
  }
  if (contents) yield* corrupt(store, batch)
}

/** The digest whose bytes a file is the place of. */
function digestAt(path: string): Digest | undefined {
  const [algorithm, , encoded] = path.slice(tree.blobs.length + 1).split('/')
  const digest = `${algorithm}:${encoded}`
  return isDigest(digest) && tree.blob(digest) === path ? digest : undefined
}

function orphan(storage: StorageDriver, path: string): Suspicion {
  const message = `${path} is no blob's place`
  return { kind: 'orphan-file', message, path, repair: () => storage.remove(path) }
}

async function* corrupt(store: Store, batch: readonly StoredObject[]): AsyncGenerator<Suspicion> {
  const digests = batch.map(({ path }) => digestAt(path) as Digest)
  const actual = await Promise.all(digests.map((digest) => read(store.context.storage, digest)))
  for (const [index, digest] of digests.entries()) {
    const found = actual[index]
    if (found === undefined || found === digest) continue
    yield {
      kind: 'corrupt-blob',
      message: `${digest} has bytes of ${found}`,
      path: tree.blob(digest),
      digest,
      repair: () => remove(store, digest),
    }
  }
}

/** The digest of what is stored; `undefined` when it was collected meanwhile. */
async function read(storage: StorageDriver, digest: Digest): Promise<Digest | undefined> {
  const algorithm = digestAlgorithm(digest)
  const hash = createHash(algorithm)
  try {
    for await (const chunk of storage.open(tree.blob(digest))) hash.update(chunk)
  } catch (error) {
    if (hasCode(error, 'not-found')) return undefined
    throw error
  }
  return finishDigest(algorithm, hash)
}

/** Read once more first: removal cannot be taken back, and what fails once may be the way to the disk. */
async function remove({ context }: Store, digest: Digest): Promise<void> {
  const { storage, index, holds } = context
  if ((await read(storage, digest)) === digest) return
  const removal = storage.remove(tree.blobFolder(digest))
  holds.going(digest, removal)
  await removal
  index.blobs.missing(digest)
}
