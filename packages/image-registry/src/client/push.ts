// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Reference } from '@teu/oci-spec/distribution'
import {
  type Descriptor,
  type Digest,
  digestAlgorithm,
  digestOf,
  isForeignLayerType,
  isIndexType,
  isManifestType,
  maximumManifestSize,
  parseManifest,
} from '@teu/oci-spec/image'
import { inParallel } from './in-parallel.ts'
import type { CallOptions } from './init.ts'
import { type PushBlobOutcome, pushBlob } from './push-blob.ts'
import { pushManifest } from './referrers.ts'
import type { Session } from './session.ts'

/** Where pushed content comes from. @public */
export interface PushSource {
  /** The content's bytes from `offset` on; fails with `not-found` when it is not there. */
  open(descriptor: Descriptor, options: CallOptions & { offset: number }): AsyncIterable<Uint8Array>
}

/** What happens while an image is pushed. @public */
export type PushEvent =
  | { type: 'planned'; descriptor: Descriptor }
  | { type: 'progress'; descriptor: Descriptor; sent: number }
  | { type: 'completed'; descriptor: Descriptor; outcome: PushBlobOutcome }

/** Options of a push. @public */
export interface PushOptions extends CallOptions {
  /** Blobs that are transferred at a time. Default 5. */
  concurrency?: number
  /** Repositories of the same registry that may have a blob. */
  mountFrom?: (descriptor: Descriptor) => readonly string[]
  /** Bytes of one request, see {@link PushBlobOptions.chunkSize}. */
  chunkSize?: number
  /** Hears what the iteration over the push tells, at once and all of it. */
  onEvent?: (event: PushEvent) => void
}

interface Plan {
  blobs: Map<Digest, Descriptor>
  /** Those below before those above. */
  manifests: { descriptor: Descriptor; body: Uint8Array }[]
  seen: Set<Digest>
}

const maximumDepth = 16

/**
 * Pushes a manifest or an index with everything it points at, and lets the reference's tag name it. Layers go first,
 * several at a time, then configurations, then manifests from the bottom up. Layers that must not be distributed stay.
 *
 * @internal
 */
export async function push(
  session: Session,
  reference: Reference,
  root: Descriptor,
  source: PushSource,
  options: PushOptions,
): Promise<void> {
  const { signal, onEvent, concurrency = 5, mountFrom, chunkSize } = options
  const plan: Plan = { blobs: new Map(), manifests: [], seen: new Set() }
  await visit(plan, root, source, signal, 0)
  for (const descriptor of plan.blobs.values()) onEvent?.({ type: 'planned', descriptor })
  const doing = `${reference.registry}/${reference.repository}`
  await inParallel([...plan.blobs.values()], { concurrency, signal, doing }, async (descriptor, joined) => {
    const open = (offset: number) => source.open(descriptor, { offset, signal: joined })
    const outcome = await pushBlob(session, reference, descriptor, open, {
      signal: joined,
      mountFrom: mountFrom?.(descriptor) ?? [],
      ...(chunkSize === undefined ? {} : { chunkSize }),
      onProgress: (sent) => onEvent?.({ type: 'progress', descriptor, sent }),
    })
    onEvent?.({ type: 'completed', descriptor, outcome })
  })
  const { registry, repository } = reference
  for (const { descriptor, body } of plan.manifests) {
    const isRoot = descriptor.digest === root.digest
    const target = isRoot && reference.tag !== undefined ? { tag: reference.tag } : { digest: descriptor.digest }
    const { mediaType } = descriptor
    await pushManifest(session, { registry, repository, ...target }, body, { mediaType, ...(signal && { signal }) })
  }
}

async function visit(
  plan: Plan,
  descriptor: Descriptor,
  source: PushSource,
  signal: AbortSignal | undefined,
  depth: number,
): Promise<void> {
  if (plan.seen.has(descriptor.digest)) return
  plan.seen.add(descriptor.digest)
  if (depth > maximumDepth)
    throw new StackError('resource-exhausted', `${descriptor.digest}: indexes nested more than ${maximumDepth} deep`)
  const body = await readManifest(descriptor, source, signal)
  const parsed = parseManifest(body, descriptor.mediaType)
  if (parsed.kind === 'index') {
    for (const entry of parsed.index.manifests) {
      if (isIndexType(entry.mediaType) || isManifestType(entry.mediaType))
        await visit(plan, entry, source, signal, depth + 1)
      else plan.blobs.set(entry.digest, entry)
    }
  } else {
    const { config, layers } = parsed.manifest
    for (const layer of layers.filter(({ mediaType }) => !isForeignLayerType(mediaType)))
      plan.blobs.set(layer.digest, layer)
    plan.blobs.set(config.digest, config)
  }
  plan.manifests.push({ descriptor, body })
}

async function readManifest(
  descriptor: Descriptor,
  source: PushSource,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of source.open(descriptor, { offset: 0, ...(signal && { signal }) })) {
    length += chunk.byteLength
    if (length > maximumManifestSize)
      throw new StackError(
        'resource-exhausted',
        `${descriptor.digest}: manifest of more than ${maximumManifestSize} bytes`,
      )
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  const actual = digestOf(body, digestAlgorithm(descriptor.digest))
  if (actual !== descriptor.digest)
    throw new StackError('data-loss', `${descriptor.digest}: content has digest ${actual}`)
  return body
}
