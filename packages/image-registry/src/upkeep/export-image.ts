// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { type Descriptor, type Digest, isDigest, parseManifest } from '@teu/oci-spec/image'
import type { Store } from '../store/store.ts'

/** Where an image goes to, such as the sink of a layout. @public */
export interface ImageSink {
  /** Whether it has some content already. */
  has(descriptor: Descriptor): Promise<boolean>
  /** Takes content, and compares it with its digest. `open` may be called again. */
  write(descriptor: Descriptor, open: () => AsyncIterable<Uint8Array>): Promise<void>
}

/** What is to be exported: a tag, or a digest, of a repository. @public */
export interface ExportSource {
  repository: string
  reference: string
}

/**
 * Gives an image, or an index with all its images, to a sink: blobs before the manifest that names them. Answers the
 * descriptor of the whole. Fails with `not-found` when the store has none, or not all, of it.
 *
 * @public
 */
export async function exportImage(
  store: Store,
  { repository, reference }: ExportSource,
  sink: ImageSink,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Descriptor> {
  const found = await store.manifests.find(repository, isDigest(reference) ? { digest: reference } : { tag: reference })
  if (found === undefined) throw new StackError('not-found', `no such manifest: ${repository}:${reference}`)
  const { digest, mediaType, size } = found
  const root: Descriptor = { mediaType, digest, size: size ?? 0 }
  await exportManifest(store, repository, root, sink, signal)
  return root
}

async function exportManifest(
  store: Store,
  repository: string,
  descriptor: Descriptor,
  sink: ImageSink,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted()
  const bytes = await store.manifests.read(descriptor.digest)
  const parsed = parseManifest(bytes, descriptor.mediaType)
  for (const child of parsed.kind === 'index' ? parsed.index.manifests : []) {
    if ((await store.manifests.find(repository, { digest: child.digest })) === undefined)
      throw new StackError('not-found', `${descriptor.digest}: ${child.digest} is not in ${repository}`)
    await exportManifest(store, repository, child, sink, signal)
  }
  const blobs = parsed.kind === 'index' ? [] : [parsed.manifest.config, ...parsed.manifest.layers]
  for (const blob of blobs) {
    signal?.throwIfAborted()
    if (!(await sink.has(blob))) await sink.write(blob, () => open(store, repository, blob.digest))
  }
  if (!(await sink.has(descriptor))) await sink.write(descriptor, () => only(bytes))
}

async function* open(store: Store, repository: string, digest: Digest): AsyncGenerator<Uint8Array> {
  if ((await store.blobs.stat(repository, digest)) === undefined)
    throw new StackError('not-found', `no such blob: ${repository}@${digest}`)
  yield* store.blobs.open(digest)
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
