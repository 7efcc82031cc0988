// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { StackError } from '@teu/errors'
import { type Descriptor, digestAlgorithm, isDigest, isForeignLayerType, parseManifest } from '@teu/oci-spec/image'
import type { Store } from '../store/store.ts'

/** Where an image goes to, such as the sink of a layout. @public */
export interface ImageSink {
  /** Whether it has some content already. */
  has(descriptor: Descriptor): Promise<boolean>
  /**
   * Takes content. Its bytes are compared with size and digest by the time `open` ends without an error, and not before.
   * `held` is what an earlier attempt left: it counts as the beginning, and only the rest comes. `open` may be called again.
   * A chunk's memory is used again once the next but one is asked for: whoever keeps chunks copies them.
   */
  write(
    descriptor: Descriptor,
    open: (options?: { held?: AsyncIterable<Uint8Array> | Iterable<Uint8Array> }) => AsyncIterable<Uint8Array>,
  ): Promise<void>
}

type Held = AsyncIterable<Uint8Array> | Iterable<Uint8Array> | undefined

/** What is to be exported: a tag, or a digest, of a repository. @public */
export interface ExportSource {
  repository: string
  reference: string
}

/**
 * Gives an image, or an index with all its images, to a sink: blobs before the manifest that names them. Answers the
 * descriptor of the whole. Layers that may not be distributed are left out where the store does without them. Fails with `not-found` when the store has none, or not all, of it, and with `data-loss` when
 * content is not what its digest says.
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
  const { digest, mediaType } = found
  const size = found.size ?? (await store.manifests.read(digest)).byteLength
  const root: Descriptor = { mediaType, digest, size }
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
    if (isForeignLayerType(blob.mediaType) && (await store.blobs.stat(repository, blob.digest)) === undefined) continue
    if (!(await sink.has(blob))) await sink.write(blob, ({ held } = {}) => openBlob(store, repository, blob, held))
  }
  if (!(await sink.has(descriptor)))
    await sink.write(descriptor, ({ held } = {}) =>
      verified(repository, descriptor, held, (start) => only(bytes.subarray(start))),
    )
}

async function* openBlob(store: Store, repository: string, blob: Descriptor, held: Held): AsyncGenerator<Uint8Array> {
  const { digest, size } = blob
  if ((await store.blobs.stat(repository, digest)) === undefined)
    throw new StackError('not-found', `no such blob: ${repository}@${digest}`)
  yield* verified(repository, blob, held, (start) => store.blobs.open(digest, { start, end: size - 1 }))
}

/** What follows on `held`; it fails at its end when the whole is not the descriptor's. */
async function* verified(
  repository: string,
  { digest, size }: Descriptor,
  held: Held,
  from: (start: number) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const algorithm = digestAlgorithm(digest)
  const hash = createHash(algorithm)
  let length = 0
  const count = (chunk: Uint8Array) => {
    hash.update(chunk)
    length += chunk.byteLength
  }
  for await (const chunk of held ?? []) count(chunk)
  if (length < size)
    for await (const chunk of from(length)) {
      count(chunk)
      yield chunk
    }
  const actual = `${algorithm}:${hash.digest('hex')}`
  if (actual !== digest || length !== size)
    throw new StackError('data-loss', `${repository}@${digest}: ${length} bytes of ${size}, with digest ${actual}`)
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
