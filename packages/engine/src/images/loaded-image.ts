// SPDX-License-Identifier: Apache-2.0
import { readSmallBlob } from '@teu/containerd-api'
import { isNotFound, StackError } from '@teu/errors'
import {
  chainId,
  type Descriptor,
  type Digest,
  type ImageConfig,
  isIndexType,
  type Manifest,
  matchPlatform,
  type Platform,
  parseDigest,
  parseImageConfig,
  parseManifest,
} from '@teu/oci-spec/image'
import { callOptions, type ImageContext } from './image-context.ts'

/** What an image's target leads to for this platform. */
export interface LoadedContent {
  /** The manifest's own descriptor; the target itself unless that is an index. */
  manifestDescriptor: Descriptor
  manifest: Manifest
  config: ImageConfig
  /** The digest of the config: the id that people know the image by. */
  id: Digest
  /** The name of the snapshot of its top layer, empty without layers. */
  chainId: string
}

/** One name in containerd with what it stands for. */
export interface LoadedImage extends LoadedContent {
  /** As containerd stores it: `docker.io/library/busybox:latest`, `…@sha256:…`, or `moby-dangling@sha256:…`. */
  name: string
  target: Descriptor
  labels: Readonly<Record<string, string>>
  createdAt: Date
  updatedAt: Date
}

/** How deep indexes may nest. */
export const maximumDepth = 4
/** How many images are kept parsed; beyond it the oldest ones are read again. */
const maximumCached = 1000

type ReadOptions = { signal?: AbortSignal | undefined; lease?: string | undefined }

/** Reads a manifest, index or config from the content store; at most 4 MiB. */
export async function readDocument(
  context: ImageContext,
  digest: string,
  options: ReadOptions = {},
): Promise<Uint8Array> {
  return readSmallBlob(context.containerd.content, digest, callOptions(context, options))
}

/**
 * The entries of an index, best first: those that this platform runs, then those of other platforms, which a pull may
 * have asked for. Attestations are no images.
 */
export function imageEntries(entries: readonly Descriptor[], platform: Platform): Descriptor[] {
  const best = matchPlatform(entries, platform)
  const others = entries.filter((entry) => !best.includes(entry) && entry.platform?.os !== 'unknown')
  return [...best, ...others]
}

/** Follows indexes from `target` to the best manifest whose content is here. */
async function findManifest(
  context: ImageContext,
  target: Descriptor,
  options: ReadOptions,
  depth = 0,
): Promise<{ descriptor: Descriptor; manifest: Manifest }> {
  if (depth > maximumDepth) throw new StackError('invalid-argument', `image index ${target.digest} nests too deeply`)
  const parsed = parseManifest(await readDocument(context, target.digest, options), target.mediaType)
  if (parsed.kind === 'manifest') return { descriptor: target, manifest: parsed.manifest }
  for (const entry of imageEntries(parsed.index.manifests, context.platform)) {
    try {
      return await findManifest(context, entry, options, depth + 1)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  throw new StackError('not-found', `image ${target.digest} has no content here`)
}

/** An image by its manifest. `not-found` while its config is missing. */
export async function contentOf(
  context: ImageContext,
  manifestDescriptor: Descriptor,
  manifest: Manifest,
  options: ReadOptions = {},
): Promise<LoadedContent> {
  const config = parseImageConfig(await readDocument(context, manifest.config.digest, options))
  const id = manifest.config.digest
  return { manifestDescriptor, manifest, config, id, chainId: chainId(config.rootfs.diff_ids) ?? '' }
}

/** What `target` stands for on this platform. `not-found` while its content is incomplete. */
export async function loadContent(
  context: ImageContext,
  target: Descriptor,
  options: ReadOptions = {},
): Promise<LoadedContent> {
  const cached = context.contents.get(target.digest)
  if (cached) return cached
  const { descriptor, manifest } = await findManifest(context, target, options)
  const content = await contentOf(context, descriptor, manifest, options)
  // An index may gain another platform's content later, but what was chosen stays a right choice.
  context.contents.set(target.digest, content)
  if (context.contents.size > maximumCached) {
    const oldest = context.contents.keys().next()
    if (!oldest.done) context.contents.delete(oldest.value)
  }
  return content
}

/** A descriptor as containerd's API carries it, in ours. */
export function toDescriptor(target: { mediaType: string; digest: string; size: bigint }): Descriptor {
  return { mediaType: target.mediaType, digest: parseDigest(target.digest), size: Number(target.size) }
}

/** A descriptor of ours, as containerd's API carries it. */
export function fromDescriptor(descriptor: Descriptor) {
  return {
    mediaType: descriptor.mediaType,
    digest: descriptor.digest as string,
    size: BigInt(descriptor.size),
    annotations: {} as Record<string, string>,
  }
}

/** Whether a descriptor points at an index rather than at one platform's image. */
export function isIndex(descriptor: Descriptor): boolean {
  return isIndexType(descriptor.mediaType)
}
