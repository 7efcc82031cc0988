// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { tree } from '../storage/tree.ts'
import { walk } from '../storage/walk.ts'
import { listRepositories } from '../store/read-repository.ts'
import type { Store } from '../store/store.ts'
import { checkBlobs } from './check-blobs.ts'
import { checkRepository } from './check-repository.ts'
import type { Finding, Suspicion } from './finding.ts'

/** Options of {@link checkStore}. @public */
export interface CheckStoreOptions {
  /** Put right what can be. Fails with `failed-precondition` on a store that is open only for reading. Default false. */
  repair?: boolean
  /** Read every blob and compare its digest. Default true; without it, only whether it is there. */
  contents?: boolean
  /** Told of each finding as it is made. */
  onFinding?: (finding: Finding) => void
  signal?: AbortSignal
}

/** What was looked at, and what is wrong. @public */
export interface CheckStoreResult {
  /** Empty when all is well. */
  findings: Finding[]
  repositories: number
  manifests: number
  tags: number
  blobs: number
  /** The length of all blobs, which is what was read of them. */
  bytes: number
}

/**
 * Checks a store, while it is in use: that the bytes of every blob have its digest, that everything that is pointed at is
 * there, that no file belongs to nothing, and that the index says what the storage says.
 *
 * Bytes that nothing needs any more, and unfinished uploads, are no findings: a collection removes them.
 *
 * @public
 */
export async function checkStore(store: Store, options: CheckStoreOptions = {}): Promise<CheckStoreResult> {
  const { repair = false, contents = true, onFinding = () => {}, signal } = options
  const { storage, isReadOnly } = store.context
  if (repair && isReadOnly) throw new StackError('failed-precondition', 'the store is open only for reading')
  await store.surveyed()
  const result: CheckStoreResult = { findings: [], repositories: 0, manifests: 0, tags: 0, blobs: 0, bytes: 0 }
  const settle = async ({ repair: mend, ...suspicion }: Suspicion) => {
    if (repair) await mend?.()
    const finding = { ...suspicion, repaired: repair && mend !== undefined }
    result.findings.push(finding)
    onFinding(finding)
  }
  // Blobs first: what is found to be missing after that was removed as corrupt.
  for await (const suspicion of checkBlobs(store, { contents, result, signal })) await settle(suspicion)
  for (const name of await listRepositories(storage)) {
    signal?.throwIfAborted()
    result.repositories++
    for (const suspicion of await checkRepository(store, name, result, repair ? settle : undefined))
      if (!repair) await settle(suspicion)
  }
  for await (const { path } of walk(storage, tree.repositories)) {
    signal?.throwIfAborted()
    if (belongsToRepository(path)) continue
    await settle({
      kind: 'orphan-file',
      message: `${path} belongs to no repository`,
      path,
      repair: () => storage.remove(path),
    })
  }
  return result
}

/** Whether a file lies in one of the folders that a repository has; what is in them is looked at there. */
function belongsToRepository(path: string): boolean {
  return /\/(?:_layers|_manifests|_uploads)\//.test(path.slice(tree.repositories.length))
}
