// SPDX-License-Identifier: Apache-2.0
import { setImmediate } from 'node:timers/promises'
import type { IdleMember } from '../references/garbage-table.ts'
import { tree } from '../storage/tree.ts'
import { memberKey } from '../store/holds.ts'
import type { Collection } from './collect-garbage.ts'
import { removeTogether } from './remove-together.ts'

/** How many blobs are looked at, and removed, together: nothing else runs while they are looked at. */
const windowSize = 256

/**
 * Takes blobs from repositories that do not need them. What goes is chosen, struck from the index and announced as going
 * in one step without a wait; then it is removed from the storage.
 *
 * @internal
 */
export async function sweepMembers(collection: Collection): Promise<void> {
  const { store, before, dryRun, result } = collection
  const { index, holds, seen, storage, reached } = store.context
  await eachWindow(collection, async (after, to) => {
    seen.flush()
    const idle = index.garbage.idleMembers(after, to, before).filter(({ digest }) => !holds.isPinned(digest))
    result.links += idle.length
    index.transaction(() => {
      for (const { repository, blob } of idle) {
        if (dryRun) index.garbage.pretend('gone_members', repository, blob)
        else index.repositories.removeMember(repository, blob)
      }
    })
    if (dryRun || idle.length === 0) return
    const places = idle.map((member) => ({ folder: tree.layer(member.name, member.digest), object: 'link', member }))
    const removal = removeTogether(storage, places, {
      durably: true,
      removed: () => reached('gc.unlinked'),
      failed: ({ member }) => restore(collection, member),
    })
    for (const { name, digest } of idle) holds.going(memberKey(name, digest), removal)
    await removal
  })
}

/**
 * Removes bytes that nothing speaks of; in the same way. Begun when what was taken from repositories is gone from the
 * storage, so that no link is left to bytes that are not there.
 *
 * @internal
 */
export async function sweepBlobs(collection: Collection): Promise<void> {
  const { store, before, dryRun, result } = collection
  const { index, holds, seen, storage, reached } = store.context
  await eachWindow(collection, async (after, to) => {
    seen.flush()
    const idle = index.garbage.idleBlobs(after, to, before).filter(({ digest }) => !holds.isPinned(digest))
    result.blobs += idle.length
    result.bytes += idle.reduce((sum, { size }) => sum + size, 0)
    if (dryRun || idle.length === 0) return
    index.transaction(() => {
      for (const { digest } of idle) index.blobs.missing(digest)
    })
    const places = idle.map((blob) => ({ folder: tree.blobFolder(blob.digest), object: 'data', blob }))
    const removal = removeTogether(storage, places, {
      durably: false,
      removed: () => reached('gc.removed'),
      async failed({ blob }) {
        result.blobs--
        result.bytes -= blob.size
        index.blobs.doubt(blob.digest)
        await store.blobs.bytes(blob.digest)
      },
    })
    for (const { digest } of idle) holds.going(digest, removal)
    await removal
  })
}

async function eachWindow(
  { store, signal }: Collection,
  work: (after: number, to: number) => Promise<void>,
): Promise<void> {
  const last = store.context.index.garbage.lastBlob()
  for (let after = 0; after < last; after += windowSize) {
    signal?.throwIfAborted()
    await work(after, after + windowSize)
    await setImmediate()
  }
}

async function restore({ store, result }: Collection, { repository, blob }: IdleMember): Promise<void> {
  result.links--
  store.context.index.transaction(() => store.context.index.repositories.addMember(repository, blob, 0))
}
