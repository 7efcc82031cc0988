// SPDX-License-Identifier: Apache-2.0
import { type Descriptor, type Digest, isForeignLayerType, type ParsedManifest } from '@teu/oci-spec/image'
import type { BlobStore } from './blob-store.ts'
import type { StoreContext } from './context.ts'
import { Refusal } from './refusal.ts'

/**
 * Refuses a manifest that points at what its repository does not hold. Only layers of the types that may not be
 * distributed can lie elsewhere: clients look for them under the layer's `urls`, which this registry keeps and never
 * opens. To be called while what the manifest points at cannot be collected.
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
    checkUrls(blob)
    const found = await blobs.held(name, blob.digest)
    if (found === undefined && isForeignLayerType(blob.mediaType)) continue
    if (found === undefined) throw missing(blob.digest)
    if (found.size !== blob.size)
      throw new Refusal('MANIFEST_INVALID', `${blob.digest}: has ${found.size} bytes, not ${blob.size}`)
  }
}

/** As Docker's registry has it: absolute, of the web, and without a part that no server sees. */
function checkUrls({ digest, urls = [] }: Descriptor): void {
  for (const text of urls) {
    const url = URL.parse(text)
    const isFit = url !== null && /^https?:$/.test(url.protocol) && url.hash === '' && url.username === ''
    if (!isFit) throw new Refusal('MANIFEST_INVALID', `${digest}: invalid url ${JSON.stringify(text.slice(0, 128))}`)
  }
}

function missing(digest: Digest): Refusal {
  return new Refusal('MANIFEST_BLOB_UNKNOWN', `${digest} is not in the repository`, digest)
}
