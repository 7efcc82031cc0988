// SPDX-License-Identifier: Apache-2.0
import { hasCode, StackError } from '@teu/errors'
import type { Reference } from '@teu/oci-spec/distribution'
import { formatReference } from '@teu/oci-spec/distribution'
import {
  choosePlatform,
  type Descriptor,
  type Digest,
  isIndexType,
  isManifestType,
  type Platform,
} from '@teu/oci-spec/image'
import type { CallOptions } from './init.ts'
import { fetchManifest, resolve } from './manifests.ts'
import { pullBlob } from './pull-blob.ts'
import { type PushEvent, type PushSource, push } from './push.ts'
import { listReferrers } from './referrers.ts'
import type { Repository, Session } from './session.ts'

/** What happens while something is copied. @public */
export type CopyEvent =
  | PushEvent
  /** What the source is; sent for each manifest that is copied with everything below it. */
  | { type: 'resolved'; descriptor: Descriptor }
  /** The target has it already, under the same name. */
  | { type: 'exists'; descriptor: Descriptor }

/** Options of a copy. @public */
export interface CopyOptions extends CallOptions {
  /**
   * The one platform of an index to copy: what arrives is that manifest, and has another digest than the index. Default:
   * everything, byte for byte.
   */
  platform?: Platform
  /** Copy what is about the image too: signatures, attestations, and what is about those. Default false. */
  referrers?: boolean
  /** Blobs that are transferred at a time. Default 5. */
  concurrency?: number
  /** Bytes of one request, see {@link PushBlobOptions.chunkSize}. */
  chunkSize?: number
  /** Hears what the iteration over the copy tells, at once and all of it. */
  onEvent?: (event: CopyEvent) => void
}

/** What was copied. @public */
export interface CopyResult {
  /** What the target names now. */
  descriptor: Descriptor
  /** Manifests about it that were copied as well. */
  referrers: Descriptor[]
}

/** Referrers of referrers are followed so far. */
const maximumDepth = 16
/** Referrers of one copy. */
const maximumReferrers = 10_000

/**
 * Copies what a reference names from one repository to another, of any registries. Blobs go through this process a chunk
 * at a time, or not at all when both repositories are of one registry that shares them. A target without a tag gets it
 * by its digest.
 *
 * @internal
 */
export async function copy(
  session: Session,
  source: Reference,
  target: Reference,
  options: CopyOptions,
): Promise<CopyResult> {
  const { signal, platform, onEvent } = options
  const call = signal === undefined ? {} : { signal }
  const root =
    platform === undefined ? await resolve(session, source, call) : await choose(session, source, platform, call)
  if (target.digest !== undefined && target.digest !== root.digest)
    throw new StackError('invalid-argument', `${formatReference(target)}: the source is ${root.digest}`)
  onEvent?.({ type: 'resolved', descriptor: root })
  if (await isThere(session, target, root, call)) onEvent?.({ type: 'exists', descriptor: root })
  else await push(session, target, root, sourceOf(session, source), pushOptions(source, target, options))
  const referrers: Descriptor[] = []
  if (options.referrers) await copyReferrers(session, source, target, root.digest, options, referrers, 0)
  return { descriptor: root, referrers }
}

async function choose(session: Session, source: Reference, platform: Platform, call: CallOptions): Promise<Descriptor> {
  const { descriptor, parsed } = await fetchManifest(session, source, call)
  return parsed.kind === 'index' ? choosePlatform(parsed.index.manifests, platform) : descriptor
}

/** A registry takes a manifest only with what it points at, so one that is there is whole. */
async function isThere(session: Session, target: Reference, root: Descriptor, call: CallOptions): Promise<boolean> {
  try {
    const { registry, repository, tag } = target
    const named = tag === undefined ? { digest: root.digest } : { tag }
    return (await resolve(session, { registry, repository, ...named }, call)).digest === root.digest
  } catch (error) {
    // Whatever else is wrong comes to light when it is pushed.
    if (hasCode(error, 'cancelled')) throw error
    return false
  }
}

function pushOptions(source: Reference, target: Reference, { concurrency, chunkSize, onEvent, signal }: CopyOptions) {
  const shared = source.registry === target.registry ? [source.repository] : []
  return {
    mountFrom: () => shared,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(chunkSize === undefined ? {} : { chunkSize }),
    ...(onEvent === undefined ? {} : { onEvent }),
    ...(signal === undefined ? {} : { signal }),
  }
}

/** A repository as a source: manifests are those that can be read as one, everything else is a blob. @internal */
export function sourceOf(session: Session, { registry, repository }: Repository): PushSource {
  return {
    async *open(descriptor, { offset, signal }) {
      const call = signal === undefined ? {} : { signal }
      if (!isManifest(descriptor))
        return yield* pullBlob(session, { registry, repository }, descriptor, { offset, ...call })
      const { digest } = descriptor
      const { body } = await fetchManifest(session, { registry, repository, digest }, { ...call, expected: descriptor })
      yield body.subarray(offset)
    },
  }
}

function isManifest({ mediaType }: Descriptor): boolean {
  return isIndexType(mediaType) || isManifestType(mediaType)
}

async function copyReferrers(
  session: Session,
  source: Reference,
  target: Reference,
  subject: Digest,
  options: CopyOptions,
  found: Descriptor[],
  depth: number,
): Promise<void> {
  const call = options.signal === undefined ? {} : { signal: options.signal }
  for (const referrer of await listReferrers(session, source, subject, call)) {
    if (found.some(({ digest }) => digest === referrer.digest)) continue
    if (depth >= maximumDepth || found.length >= maximumReferrers)
      throw new StackError('resource-exhausted', `${formatReference(source)}: referrers without end`)
    found.push(referrer)
    options.onEvent?.({ type: 'resolved', descriptor: referrer })
    const { registry, repository } = target
    const at = { registry, repository, digest: referrer.digest }
    await push(session, at, referrer, sourceOf(session, source), pushOptions(source, target, options))
    await copyReferrers(session, source, target, referrer.digest, options, found, depth + 1)
  }
}
