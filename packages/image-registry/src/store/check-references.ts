// SPDX-License-Identifier: Apache-2.0
import type { Digest, ParsedManifest } from '@teu/oci-spec/image'
import type { BlobStore } from './blob-store.ts'
import type { StoreContext } from './context.ts'
import { Refusal } from './refusal.ts'

/**
 * Refuses a manifest that points at what its repository does not hold, or at what lies elsewhere. To be called while
 * what it points at cannot be collected.
 *
 * @internal
 */
export async function checkReferences(
  { index }: StoreContext,
  blobs: BlobStore,
  name: string,
  parsed: ParsedManifest,
): Promise<void> {
  for (const { digest } of parsed.kind === 'index' ? parsed.index.manifests : []) {
    if (index.manifests.find(name, digest) === undefined && (await blobs.held(name, digest)) === undefined)
      throw missing(digest)
  }
  for (const blob of parsed.kind === 'index' ? [] : [parsed.manifest.config, ...parsed.manifest.layers]) {
    // Whoever pulls would fetch them from a place that this registry knows nothing of.
    if ((blob.urls ?? []).length > 0) throw new Refusal('MANIFEST_INVALID', `${blob.digest}: urls are not accepted`)
    const found = await blobs.held(name, blob.digest)
    if (found === undefined) throw missing(blob.digest)
    if (found.size !== blob.size)
      throw new Refusal('MANIFEST_INVALID', `${blob.digest}: has ${found.size} bytes, not ${blob.size}`)
  }
}

function missing(digest: Digest): Refusal {
  return new Refusal('MANIFEST_BLOB_UNKNOWN', `${digest} is not in the repository`, digest)
}
