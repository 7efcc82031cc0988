// SPDX-License-Identifier: Apache-2.0
import { hasCode, StackError } from '@teu/errors'
import {
  type Descriptor,
  digestAlgorithm,
  digestOf,
  isForeignLayerType,
  type ParsedManifest,
  parseManifest,
} from '@teu/oci-spec/image'
import { factsOf } from '../references/manifest-facts.ts'
import { checkReferences } from '../store/check-references.ts'
import type { Store } from '../store/store.ts'

/** Where an image comes from, such as an opened layout. @public */
export interface ImageSource {
  /** A manifest's or an index's bytes. */
  read(descriptor: Descriptor): Promise<Uint8Array>
  /** A blob's bytes. The memory of a chunk is not used again for the next: chunks are kept until they are stored. */
  open(descriptor: Descriptor): AsyncIterable<Uint8Array>
}

/** Where an image is to go. @public */
export interface ImportTarget {
  repository: string
  /** Names that it gets. Default: none. */
  tags?: readonly string[]
}

const maximumDepth = 16

/**
 * Stores an image, or an index with all its images, as if it had been pushed: every byte is compared with its digest, and
 * what the repository has already is not read, and layers that may not be distributed may be absent. Fails with `invalid-argument` for what is not what its descriptor
 * says, and with what a push is refused for; what was stored until then stays, and goes with the next collection.
 *
 * @public
 */
export async function importImage(
  store: Store,
  target: ImportTarget,
  source: ImageSource,
  root: Descriptor,
  { signal }: { signal?: AbortSignal } = {},
): Promise<void> {
  await importManifest(store, { ...target, source, signal }, root, target.tags ?? [], 0)
}

interface Importing {
  repository: string
  source: ImageSource
  signal: AbortSignal | undefined
}

async function importManifest(
  store: Store,
  importing: Importing,
  descriptor: Descriptor,
  tags: readonly string[],
  depth: number,
): Promise<void> {
  const { repository, source, signal } = importing
  if (depth > maximumDepth) throw new StackError('resource-exhausted', `indexes nested more than ${maximumDepth} deep`)
  signal?.throwIfAborted()
  const bytes = await source.read(descriptor)
  const { digest } = descriptor
  const actual = digestOf(bytes, digestAlgorithm(digest))
  if (actual !== digest) throw new StackError('invalid-argument', `${digest}: its content has digest ${actual}`)
  const parsed = parseManifest(bytes, descriptor.mediaType)
  for (const child of parsed.kind === 'index' ? parsed.index.manifests : [])
    await importManifest(store, importing, child, [], depth + 1)
  for (const blob of blobsOf(parsed)) {
    signal?.throwIfAborted()
    if ((await store.blobs.stat(repository, blob.digest)) === undefined)
      await store.uploads.ingest(repository, blob.digest, source.open(blob)).catch((error: unknown) => {
        if (!isForeignLayerType(blob.mediaType) || !hasCode(error, 'not-found')) throw error
      })
  }
  await store.manifests.put(repository, { bytes, digest, facts: factsOf(parsed), tags }, () =>
    checkReferences(store.context, store.blobs, repository, parsed),
  )
}

function blobsOf(parsed: ParsedManifest): Descriptor[] {
  return parsed.kind === 'index' ? [] : [parsed.manifest.config, ...parsed.manifest.layers]
}
