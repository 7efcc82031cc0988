// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream'
import { StackError } from '@teu/errors'
import type { Descriptor, Digest } from '@teu/oci-spec/image'
import { artifactOf } from './artifact.ts'
import { withManifest } from './image.ts'
import { type Content, withIndex } from './image-index.ts'

/** A part of some content, and how to get at its bytes. */
interface Part {
  descriptor: Descriptor
  open(): AsyncIterable<Uint8Array>
}

/** Everything that some content consists of, each part once, what is pointed at before what points at it. @public */
export function contentsOf(content: Content): Descriptor[] {
  return [...partsOf(content, new Map()).values()].map(({ descriptor }) => descriptor)
}

/**
 * The bytes of one of a content's parts, by digest: a manifest, a configuration, a layer. Throws `not-found` for any
 * other digest.
 *
 * @public
 */
export function openContent(content: Content, digest: string): AsyncIterable<Uint8Array> {
  const part = partsOf(content, new Map()).get(digest as Digest)
  if (part !== undefined) return part.open()
  throw new StackError('not-found', `${content.descriptor.digest} has no content ${digest}`)
}

function partsOf(content: Content, parts: Map<Digest, Part>): Map<Digest, Part> {
  const add = (descriptor: Descriptor, open: () => AsyncIterable<Uint8Array>) => {
    if (!parts.has(descriptor.digest)) parts.set(descriptor.digest, { descriptor, open })
  }
  if (content.kind === 'index') for (const entry of content.entries) partsOf(entry, parts)
  if (content.kind === 'artifact') for (const blob of content.blobs) add(blob.descriptor, () => blob.open())
  if (content.kind === 'image') {
    for (const layer of content.layers) add(layer.descriptor, () => layer.open())
    add(content.manifest.config, () => Readable.from([content.configBytes]))
  }
  const bytes = content.kind === 'index' ? content.indexBytes : content.manifestBytes
  add(content.descriptor, () => Readable.from([bytes]))
  return parts
}

/**
 * The content with more annotations on its manifest or index; one that is `undefined` goes, what is not named stays.
 *
 * @public
 */
export function annotate<C extends Content>(content: C, change: Readonly<Record<string, string | undefined>>): C
export function annotate(content: Content, change: Readonly<Record<string, string | undefined>>): Content {
  const before = content.kind === 'index' ? content.index.annotations : content.manifest.annotations
  const entries = Object.entries({ ...before, ...change }).filter(
    (entry): entry is [string, string] => entry[1] != null,
  )
  const annotations = Object.fromEntries(entries)
  if (content.kind === 'index') return withIndex(content, { annotations })
  if (content.kind === 'image') return withManifest(content, { annotations })
  const manifest = { ...content.manifest, annotations }
  return artifactOf(Buffer.from(JSON.stringify(manifest)), content.descriptor.mediaType, manifest, content.blobs)
}
