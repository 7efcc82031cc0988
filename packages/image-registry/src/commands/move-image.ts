// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { formatReference, type Reference } from '@teu/oci-spec/distribution'
import { choosePlatform, type Descriptor, hostPlatform, isIndexType, type Platform } from '@teu/oci-spec/image'
import type { RegistryClient } from '../client/registry-client.ts'
import { imagesFromDockerArchive } from '../image/archive/read-docker-archive.ts'
import { writeDockerArchive } from '../image/archive/write-docker-archive.ts'
import type { Compression } from '../image/compression/compress.ts'
import { contentFromRegistry } from '../image/from-registry.ts'
import { type Content, imageFor } from '../image/image-index.ts'
import { pushCompressed } from '../image/push-compressed.ts'
import { pushSource } from '../image/push-source.ts'
import { openLayout } from '../layout/layout.ts'
import { layoutSink, layoutSource } from '../layout/layout-sink.ts'
import { writeLayout, writeLayoutArchive } from '../layout/write-layout.ts'
import type { Place } from './place.ts'
import type { TransferEvent } from './progress.ts'

/** How an image is moved. @internal */
export interface MoveOptions {
  client: RegistryClient
  signal: AbortSignal
  onEvent: (event: TransferEvent) => void
  /** The one image of an index. Default: everything. */
  platform?: Platform
  /** What becomes of layers that lie uncompressed in an archive and go to a registry. Default `gzip`. */
  compression?: Compression
  concurrency?: number
  chunkSize?: number
  /** Between registries: what is about the image too. */
  referrers?: boolean
}

type FilePlace = Exclude<Place, { kind: 'registry' }>

/** Takes an image from one place to another; answers the descriptor that it has there. @internal */
export async function moveImage(from: Place, to: Place, options: MoveOptions): Promise<Descriptor> {
  if (options.referrers && (from.kind !== 'registry' || to.kind !== 'registry'))
    throw new StackError('invalid-argument', 'what is about an image is copied between registries only')
  if (to.kind === 'registry')
    return from.kind === 'registry'
      ? copyImage(from.reference, to.reference, options)
      : pushFile(from, to.reference, options)
  if (from.kind === 'registry' && to.kind === 'oci') return pullIntoLayout(from.reference, to, options)
  const { platform } = options
  // An archive of docker's holds images and no indexes.
  const chosen = to.kind === 'docker-archive' ? (platform ?? hostPlatform()) : platform
  return writeFile(await loadContent(from, options, chosen), from, to, chosen)
}

async function copyImage(from: Reference, to: Reference, options: MoveOptions): Promise<Descriptor> {
  const { client, signal, onEvent, platform, concurrency, chunkSize, referrers = false } = options
  const { descriptor } = await client.copy(from, to, {
    ...{ signal, onEvent, referrers },
    ...(platform && { platform }),
    ...(concurrency && { concurrency }),
    ...(chunkSize && { chunkSize }),
  })
  return descriptor
}

async function pushFile(from: FilePlace, to: Reference, options: MoveOptions): Promise<Descriptor> {
  const { client, signal, onEvent, platform, compression = 'gzip', concurrency, chunkSize } = options
  const common = { signal, onEvent, ...(concurrency && { concurrency }) }
  const extra = chunkSize ? { chunkSize } : {}
  if (from.kind === 'docker-archive') {
    const { image } = await archivedImage(from)
    return await pushCompressed(client, to, image, { ...common, compression })
  }
  const layout = await openLayout(from.path)
  const entry = layout.find(from.name)
  if (platform === undefined) {
    await client.push(to, withoutName(entry), layoutSource(layout), { ...common, ...extra })
    return entry
  }
  const content = await layout.load(entry, { platform })
  await client.push(to, content.descriptor, pushSource(content), { ...common, ...extra })
  return content.descriptor
}

/** What something is called in a layout is no matter of the registry's. */
function withoutName({ annotations: _, ...descriptor }: Descriptor): Descriptor {
  return descriptor
}

async function pullIntoLayout(from: Reference, to: FilePlace, options: MoveOptions): Promise<Descriptor> {
  const { client, signal, onEvent, platform, concurrency } = options
  const sink = layoutSink(to.path)
  const reference = platform === undefined ? from : await oneOf(client, from, platform, signal)
  const { root } = await client.pull(reference, sink, {
    ...{ signal, onEvent, platform: 'all' as const },
    ...(concurrency && { concurrency }),
  })
  await sink.add(root, nameFor(from, to))
  return root
}

async function oneOf(
  client: RegistryClient,
  from: Reference,
  platform: Platform,
  signal: AbortSignal,
): Promise<Reference> {
  const { descriptor, parsed } = await client.fetchManifest(from, { signal })
  const chosen = parsed.kind === 'index' ? choosePlatform(parsed.index.manifests, platform) : descriptor
  if (isIndexType(chosen.mediaType)) throw new StackError('invalid-argument', `${formatReference(from)}: nested index`)
  return { registry: from.registry, repository: from.repository, digest: chosen.digest }
}

async function loadContent(from: Place, { client, signal }: MoveOptions, platform?: Platform): Promise<Content> {
  const one = platform === undefined ? {} : { platform }
  if (from.kind === 'registry') return contentFromRegistry(client, from.reference, { signal, ...one })
  if (from.kind === 'docker-archive') return (await archivedImage(from)).image
  const layout = await openLayout(from.path)
  return layout.load(layout.find(from.name), one)
}

async function writeFile(content: Content, from: Place, to: FilePlace, platform?: Platform): Promise<Descriptor> {
  const name = nameFor(from.kind === 'registry' ? from.reference : from, to)
  if (to.kind === 'oci') return writeLayout(to.path, [content], name)
  if (to.kind === 'oci-archive') {
    await writeLayoutArchive(to.path, [{ content, ...name }])
    return content.descriptor
  }
  const image = imageFor(content, platform ?? hostPlatform())
  const names = to.name !== undefined ? [to.name] : from.kind === 'registry' ? [formatReference(from.reference)] : []
  await writeDockerArchive(to.path, [{ image, names: names.filter((one) => !one.includes('@')) }])
  return image.descriptor
}

/** The name in a layout: the one asked for, else the tag or the name that the image comes with. */
function nameFor(from: Reference | FilePlace, to: FilePlace): { name?: string } {
  const name = to.name ?? ('kind' in from ? from.name : from.tag)
  return name === undefined ? {} : { name }
}

async function archivedImage({ path, name }: FilePlace) {
  const images = await imagesFromDockerArchive(path)
  const found = name === undefined ? images : images.filter(({ names }) => names.some((one) => sameName(one, name)))
  const [image, ...more] = found
  if (image === undefined) throw new StackError('not-found', `${path}: no image${name ? ` named ${name}` : 's'}`)
  if (more.length === 0) return image
  throw new StackError('invalid-argument', `${path}: several images, of which none was named`)
}

/** Docker leaves out what is understood. */
function sameName(own: string, wanted: string): boolean {
  return own === wanted || own === `${wanted}:latest`
}
