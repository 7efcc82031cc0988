// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import {
  type Descriptor,
  digestOf,
  formatPlatform,
  type Index,
  matchPlatform,
  mediaTypes,
  normalizePlatform,
  type Platform,
} from '@teu/oci-spec/image'
import type { Artifact } from './artifact.ts'
import { type Format, formatOf, inFormat } from './format.ts'
import type { Image } from './image.ts'

/** Several manifests under one name, usually one a platform, as a value. @public */
export interface ImageIndex {
  readonly kind: 'index'
  readonly descriptor: Descriptor
  readonly index: Index
  readonly indexBytes: Uint8Array
  /** What the index lists, in its order. */
  readonly entries: readonly Content[]
}

/** What a name may stand for. @public */
export type Content = Image | ImageIndex | Artifact

/** Options of {@link makeIndex}. @public */
export interface IndexOptions {
  annotations?: Readonly<Record<string, string>>
  /** What the index is, when it is no image. */
  artifactType?: string
  /** The manifest that it is about. */
  subject?: Descriptor
  /** Default `oci`. */
  format?: Format
}

/**
 * An index of images, other indexes and artifacts, in the order given. Images are listed with the platform that their
 * configuration says. The same entries make the same bytes.
 *
 * Nothing bounds it here, but no registry has to take an index of more than 4 MiB, and our client pulls no more than
 * 10,000 descriptors, nested no deeper than 16.
 *
 * @public
 */
export function makeIndex(entries: readonly Content[], options: IndexOptions = {}): ImageIndex {
  const { annotations, artifactType, subject, format = 'oci' } = options
  const mediaType = inFormat(format, mediaTypes.ociIndex)
  return assemble(
    {
      schemaVersion: 2,
      mediaType,
      ...(artifactType === undefined ? {} : { artifactType }),
      manifests: entries.map(({ descriptor }) => descriptor),
      ...(subject === undefined ? {} : { subject }),
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
    },
    entries,
  )
}

/**
 * The index with the images of these platforms only, and of the attestations those about them. Nested indexes are kept
 * when they say no platform. Throws `not-found` for a platform that there is no image of.
 *
 * @public
 */
export function filterPlatforms(index: ImageIndex, platforms: readonly Platform[]): ImageIndex {
  const { manifests } = index.index
  const kept = new Set<Descriptor>()
  for (const platform of platforms) {
    const found = manifests.filter((entry) => entry.platform !== undefined && samePlatform(entry.platform, platform))
    if (found.length === 0) throw new StackError('not-found', `no image for ${formatPlatform(platform)} in the index`)
    for (const entry of found) kept.add(entry)
  }
  const digests = new Set([...kept].map(({ digest }) => digest as string))
  for (const entry of manifests) {
    const about = entry.annotations?.['vnd.docker.reference.digest']
    if (entry.platform === undefined || (about !== undefined && digests.has(about))) kept.add(entry)
  }
  const places = manifests.flatMap((entry, i) => (kept.has(entry) ? [i] : []))
  return assemble(
    { ...index.index, manifests: places.map((i) => manifests[i] as Descriptor) },
    places.map((i) => index.entries[i] as Content),
  )
}

/** Without a variant every variant is meant. */
function samePlatform(own: Platform, wanted: Platform): boolean {
  const [a, b] = [normalizePlatform(own), normalizePlatform(wanted)]
  return a.os === b.os && a.architecture === b.architecture && (!wanted.variant || a.variant === b.variant)
}

/** The index with other properties. @internal */
export function withIndex(index: ImageIndex, change: Partial<Pick<Index, 'annotations' | 'subject'>>): ImageIndex {
  return assemble({ ...index.index, ...change }, index.entries)
}

/**
 * The image that a machine of a platform runs: of an index the best match (an older variant of the same
 * processor will do); an image is taken as it is. Throws `not-found` when there is none.
 *
 * @public
 */
export function imageFor(content: Content, platform: Platform): Image {
  if (content.kind === 'image') return content
  const found = content.kind === 'index' ? bestEntry(content, platform) : undefined
  if (found !== undefined) return imageFor(found, platform)
  throw new StackError('not-found', `${content.descriptor.digest}: no image for ${formatPlatform(platform)}`)
}

function bestEntry({ index, entries }: ImageIndex, platform: Platform): Content | undefined {
  const [best] = matchPlatform(index.manifests, platform)
  return best === undefined ? undefined : entries[index.manifests.indexOf(best)]
}

/**
 * All images of some content in its order, those inside of indexes too, and one twice that is listed twice. An artifact has
 * none.
 *
 * @public
 */
export function imagesOf(content: Content): Image[] {
  if (content.kind === 'image') return [content]
  return content.kind === 'index' ? content.entries.flatMap(imagesOf) : []
}

/** Puts an index together from bytes that are already fixed. @internal */
export function indexOf(
  indexBytes: Uint8Array,
  mediaType: string,
  index: Index,
  entries: readonly Content[],
): ImageIndex {
  const { artifactType } = index
  const descriptor: Descriptor = {
    mediaType,
    digest: digestOf(indexBytes),
    size: indexBytes.byteLength,
    ...(artifactType ? { artifactType } : {}),
  }
  return { kind: 'index', descriptor, index, indexBytes, entries }
}

function assemble(index: Index, entries: readonly Content[]): ImageIndex {
  const { annotations, ...rest } = index
  const mediaType = inFormat(formatOf(index.mediaType), mediaTypes.ociIndex)
  const complete: Index = {
    ...rest,
    mediaType,
    ...(annotations && Object.keys(annotations).length > 0 ? { annotations } : {}),
  }
  return indexOf(Buffer.from(JSON.stringify(complete)), mediaType, complete, entries)
}
