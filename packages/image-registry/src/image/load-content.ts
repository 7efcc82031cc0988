// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import {
  checkLayerCount,
  choosePlatform,
  type Descriptor,
  type Digest,
  digestAlgorithm,
  digestOf,
  isConfigType,
  isIndexType,
  isLayerType,
  isManifestType,
  type Manifest,
  maximumManifestSize,
  type Platform,
  parseImageConfig,
  parseManifest,
} from '@teu/oci-spec/image'
import { type Artifact, artifactOf, blobAt } from './artifact.ts'
import { type Image, imageOf } from './image.ts'
import { type Content, indexOf } from './image-index.ts'

/** Where content lies that is made values of: a layout, an archive, a repository. @internal */
export interface ContentSource {
  /** The source's name, for messages. */
  name: string
  /** The bytes of a manifest, an index or a configuration, at most 4 MiB; throws `not-found`. */
  read(descriptor: Descriptor): Promise<Uint8Array>
  /** Any content's bytes, from `offset` on. */
  open(descriptor: Descriptor, offset?: number): AsyncIterable<Uint8Array>
}

/** Options of {@link loadContent}. @internal */
export interface LoadOptions {
  /** The one platform of an index that is wanted, instead of the index. */
  platform?: Platform
}

/** How deep indexes may be nested. */
const maximumDepth = 16
/** Descriptors of one content. */
const maximumDescriptors = 10_000

interface Walk {
  source: ContentSource
  /** What was loaded, by digest: a ladder of indexes that share their entries is walked once. */
  loaded: Map<Digest, Content>
  counted: number
}

/**
 * Makes a value of what a descriptor points at. Manifests, indexes and configurations are read and checked now, layers
 * when they are opened. Throws `data-loss` for content that does not have its digest, `resource-exhausted` for more than
 * 10,000 descriptors or indexes nested more than 16 deep.
 *
 * @internal
 */
export async function loadContent(
  source: ContentSource,
  root: Descriptor,
  { platform }: LoadOptions = {},
): Promise<Content> {
  const walk: Walk = { source, loaded: new Map(), counted: 0 }
  if (platform === undefined || !isIndexType(root.mediaType)) return load(walk, root, 0)
  let descriptor = root
  for (let depth = 0; depth <= maximumDepth; depth++) {
    if (!isIndexType(descriptor.mediaType)) return load(walk, descriptor, 0)
    const parsed = parseManifest(await readChecked(source, descriptor), descriptor.mediaType)
    if (parsed.kind === 'index') descriptor = choosePlatform(parsed.index.manifests, platform)
  }
  throw tooDeep(source)
}

async function load(walk: Walk, descriptor: Descriptor, depth: number): Promise<Content> {
  const known = walk.loaded.get(descriptor.digest)
  if (known !== undefined) return known
  if (depth > maximumDepth) throw tooDeep(walk.source)
  const body = await readChecked(walk.source, descriptor)
  const parsed = parseManifest(body, descriptor.mediaType)
  let content: Content
  if (parsed.kind === 'index') {
    count(walk, parsed.index.manifests.length)
    const entries: Content[] = []
    for (const entry of parsed.index.manifests) entries.push(await loadEntry(walk, entry, depth))
    content = indexOf(body, parsed.mediaType, parsed.index, entries)
  } else {
    count(walk, parsed.manifest.layers.length + 1)
    content = await loadManifest(walk.source, body, parsed.mediaType, parsed.manifest, descriptor)
  }
  walk.loaded.set(descriptor.digest, content)
  return content
}

async function loadEntry(walk: Walk, entry: Descriptor, depth: number): Promise<Content> {
  if (isIndexType(entry.mediaType) || isManifestType(entry.mediaType)) return load(walk, entry, depth + 1)
  throw new StackError('invalid-argument', `${walk.source.name}: index lists ${entry.digest}, which is no manifest`)
}

async function loadManifest(
  source: ContentSource,
  body: Uint8Array,
  mediaType: string,
  manifest: Manifest,
  descriptor: Descriptor,
): Promise<Image | Artifact> {
  const isImage =
    isConfigType(manifest.config.mediaType) &&
    manifest.layers.every((layer) => isLayerType(layer.mediaType)) &&
    descriptor.platform?.os !== 'unknown'
  if (!isImage) {
    const parts = [manifest.config, ...manifest.layers]
    return artifactOf(
      body,
      mediaType,
      manifest,
      parts.map((part) => blobAt(part, () => source.open(part))),
    )
  }
  const configBytes = await readChecked(source, manifest.config)
  const config = parseImageConfig(configBytes)
  checkLayerCount(config, manifest)
  const layers = manifest.layers.map((layer, i) => ({
    ...blobAt(layer, () => source.open(layer)),
    diffId: config.rootfs.diff_ids[i] as Digest,
  }))
  return imageOf(body, mediaType, manifest, configBytes, config, layers)
}

/** What is held in memory is small, and is what its digest says. */
async function readChecked(source: ContentSource, descriptor: Descriptor): Promise<Uint8Array> {
  if (descriptor.size > maximumManifestSize)
    throw new StackError(
      'resource-exhausted',
      `${source.name}: ${descriptor.digest} of ${descriptor.size} bytes exceeds ${maximumManifestSize}`,
    )
  const bytes = await source.read(descriptor)
  const actual = digestOf(bytes, digestAlgorithm(descriptor.digest))
  if (actual !== descriptor.digest || bytes.byteLength !== descriptor.size)
    throw new StackError(
      'data-loss',
      `${source.name}: blob ${descriptor.digest} holds ${bytes.byteLength} bytes with digest ${actual}`,
    )
  return bytes
}

function count(walk: Walk, more: number): void {
  walk.counted += more
  if (walk.counted > maximumDescriptors)
    throw new StackError('resource-exhausted', `${walk.source.name}: more than ${maximumDescriptors} descriptors`)
}

function tooDeep(source: ContentSource): StackError {
  return new StackError('resource-exhausted', `${source.name}: indexes nested more than ${maximumDepth} deep`)
}
