// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Reference } from '@teu/oci-spec/distribution'
import {
  choosePlatform,
  type Descriptor,
  type Digest,
  hostPlatform,
  isIndexType,
  isManifestType,
  type Manifest,
  type Platform,
  parseManifest,
} from '@teu/oci-spec/image'
import { inParallel } from './in-parallel.ts'
import type { CallOptions } from './init.ts'
import { type FetchedManifest, fetchManifest, resolve } from './manifests.ts'
import { type PullBlobOptions, pullBlob } from './pull-blob.ts'
import type { Session } from './session.ts'

/** Where pulled content goes: a content store, a layout, memory. @public */
export interface PullSink {
  /** Whether the content is there, whole. */
  has(descriptor: Descriptor, options: CallOptions): Promise<boolean>
  /**
   * Stores content under its digest. `open` starts the transfer; its bytes are verified by the time it ends without an
   * error, and not before. Given what an earlier attempt left behind, it fetches only the rest.
   */
  write(
    descriptor: Descriptor,
    open: (options?: Pick<PullBlobOptions, 'held' | 'lend'>) => AsyncIterable<Uint8Array>,
    options: CallOptions,
  ): Promise<void>
  /** A manifest that `has` said is there; saves asking the registry for it again. */
  read?(descriptor: Descriptor, options: CallOptions): Promise<Uint8Array>
}

/** What happens while an image is pulled. @public */
export type PullEvent =
  | { type: 'resolved'; descriptor: Descriptor }
  /** A blob is to come; sent for all of them before the first is fetched. */
  | { type: 'planned'; descriptor: Descriptor }
  | { type: 'exists'; descriptor: Descriptor }
  | { type: 'started'; descriptor: Descriptor }
  | { type: 'progress'; descriptor: Descriptor; received: number }
  | { type: 'completed'; descriptor: Descriptor }

/** Options of a pull. @public */
export interface PullOptions extends CallOptions {
  /** Which entries of an index to take. Default: the best one for this machine. */
  platform?: Platform | 'all'
  /** Blobs that are transferred at a time. Default 3. */
  concurrency?: number
  /** Hears what the iteration over the pull tells, at once and all of it. */
  onEvent?: (event: PullEvent) => void
}

/** An image of what was pulled. @public */
export interface PulledImage {
  descriptor: Descriptor
  manifest: Manifest
}

/** What was pulled. @public */
export interface PullResult {
  /** What the reference names: a manifest or an index. */
  root: Descriptor
  /** The chosen one; with `platform: 'all'` every image of the index. */
  images: PulledImage[]
}

/** How deep indexes may be nested. */
const maximumDepth = 16
/** Descriptors of one pull, those passed over included. */
const maximumDescriptors = 10_000

interface Walk {
  session: Session
  reference: Reference
  sink: PullSink
  options: PullOptions
  seen: Set<Digest>
  blobs: Map<Digest, Descriptor>
  /** Manifests to store, those below before those above. */
  manifests: { descriptor: Descriptor; body: Uint8Array; stored: boolean }[]
  images: PulledImage[]
  counted: number
}

/**
 * Pulls what a reference names into a sink: blobs first, several at a time, then the manifests from the bottom up, so
 * that content which is there has all that it points at there. What the sink has is not fetched.
 *
 * @internal
 */
export async function pull(
  session: Session,
  reference: Reference,
  sink: PullSink,
  options: PullOptions,
): Promise<PullResult> {
  const { signal, onEvent, concurrency = 3 } = options
  const root = await resolve(session, reference, { ...(signal && { signal }) })
  onEvent?.({ type: 'resolved', descriptor: root })
  const walk: Walk = {
    ...{ session, reference, sink, options },
    seen: new Set(),
    blobs: new Map(),
    manifests: [],
    images: [],
    counted: 0,
  }
  await visit(walk, root, 0)
  for (const descriptor of walk.blobs.values()) onEvent?.({ type: 'planned', descriptor })
  await inParallel([...walk.blobs.values()], { concurrency, signal, doing: nameOf(reference) }, (descriptor, joined) =>
    fetchBlob(walk, descriptor, joined),
  )
  for (const { descriptor, body, stored } of walk.manifests) {
    if (!stored) await sink.write(descriptor, () => oneChunk(body), { ...(signal && { signal }) })
  }
  return { root, images: walk.images }
}

async function* oneChunk(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body
}

async function visit(walk: Walk, descriptor: Descriptor, depth: number): Promise<void> {
  if (walk.seen.has(descriptor.digest)) return
  walk.seen.add(descriptor.digest)
  if (depth > maximumDepth) throw tooMuch(walk, `indexes nested more than ${maximumDepth} deep`)
  const { body, parsed, stored } = await manifestOf(walk, descriptor)
  if (parsed.kind === 'index') {
    count(walk, parsed.index.manifests.length)
    for (const entry of entriesOf(parsed.index.manifests, walk.options.platform ?? hostPlatform())) {
      await visit(walk, entry, depth + 1)
    }
  } else {
    const { config, layers } = parsed.manifest
    count(walk, layers.length + 1)
    for (const blob of [config, ...layers]) addBlob(walk, blob)
    walk.images.push({ descriptor, manifest: parsed.manifest })
  }
  walk.manifests.push({ descriptor, body, stored })
}

function entriesOf(entries: Descriptor[], platform: Platform | 'all'): Descriptor[] {
  if (platform !== 'all') return [choosePlatform(entries, platform)]
  return entries.filter(({ mediaType }) => isIndexType(mediaType) || isManifestType(mediaType))
}

function addBlob(walk: Walk, blob: Descriptor): void {
  const known = walk.blobs.get(blob.digest)
  if (known !== undefined && known.size !== blob.size) {
    throw new StackError(
      'invalid-argument',
      `${nameOf(walk.reference)}@${blob.digest}: described as ${known.size} and as ${blob.size} bytes long`,
    )
  }
  walk.blobs.set(blob.digest, known ?? blob)
}

function count(walk: Walk, more: number): void {
  walk.counted += more
  if (walk.counted > maximumDescriptors) throw tooMuch(walk, `more than ${maximumDescriptors} descriptors`)
}

function tooMuch({ reference }: Walk, what: string): StackError {
  return new StackError('resource-exhausted', `${nameOf(reference)}: ${what}`)
}

function nameOf({ registry, repository }: Reference): string {
  return `${registry}/${repository}`
}

async function manifestOf(
  { session, reference, sink, options: { signal } }: Walk,
  descriptor: Descriptor,
): Promise<Pick<FetchedManifest, 'body' | 'parsed'> & { stored: boolean }> {
  const call = signal === undefined ? {} : { signal }
  const stored = await sink.has(descriptor, call)
  if (stored && sink.read !== undefined) {
    const body = await sink.read(descriptor, call)
    return { body, parsed: parseManifest(body, descriptor.mediaType), stored }
  }
  const { registry, repository } = reference
  const { digest } = descriptor
  return {
    ...(await fetchManifest(session, { registry, repository, digest }, { ...call, expected: descriptor })),
    stored,
  }
}

async function fetchBlob(
  { session, reference, sink, options }: Walk,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<void> {
  const { onEvent } = options
  if (await sink.has(descriptor, { signal })) {
    onEvent?.({ type: 'exists', descriptor })
    return
  }
  onEvent?.({ type: 'started', descriptor })
  const onProgress = (received: number) => onEvent?.({ type: 'progress', descriptor, received })
  await sink.write(descriptor, (held) => pullBlob(session, reference, descriptor, { ...held, onProgress, signal }), {
    signal,
  })
  onEvent?.({ type: 'completed', descriptor })
}
