// SPDX-License-Identifier: Apache-2.0
import { readBlob } from '@teu/containerd-api'
import { tarEnd, tarHeader, tarPadding } from '@teu/containerd-api/archive'
import { familiarName, parseReference, type Reference } from '@teu/oci-spec/distribution'
import {
  annotationKeys,
  type Descriptor,
  digestEncoded,
  imageIndexFile,
  imageLayoutFile,
  imageLayoutVersion,
  layoutBlobPath,
  mediaTypes,
} from '@teu/oci-spec/image'
import { callOptions, type ImageContext } from '../image-context.ts'
import { listImages } from '../image-records.ts'
import type { CallOptions, PlatformOptions } from '../image-service.ts'
import type { LoadedImage } from '../loaded-image.ts'
import { isId, repoTag, requireImage } from '../names.ts'
import { onPlatform } from '../platform-content.ts'

/** One image to save, under the names that were asked for. */
interface SavedImage {
  image: LoadedImage
  /** Names with tags; none when it was asked for by id. */
  names: LoadedImage[]
}

/** One name to save, and whether the archive says it: an image that is named by its id is saved without a name. */
interface ChosenName {
  image: LoadedImage
  named: boolean
}

/** All tags of a repository for a name without tag, where there are any. */
function namesOf(reference: string, all: readonly LoadedImage[]): ChosenName[] {
  const tags = isId(reference) ? [] : tagsOf(parseReference(reference), all)
  if (tags.length > 0) return tags.map((image) => ({ image, named: true }))
  const { image, byId } = requireImage(reference, all)
  return [{ image, named: !byId && repoTag(image) !== undefined }]
}

function tagsOf(reference: Reference, all: readonly LoadedImage[]): LoadedImage[] {
  if (reference.tag !== undefined || reference.digest !== undefined) return []
  const name = familiarName(reference)
  return all.filter((image) => repoTag(image) && familiarName(parseReference(image.name)) === name)
}

/** The images to save, each once, whatever names it was asked for by. */
async function choose(
  context: ImageContext,
  references: readonly string[],
  { platform, ...options }: PlatformOptions,
): Promise<SavedImage[]> {
  const all = await listImages(context, options)
  const chosen = new Map<string, SavedImage>()
  for (const reference of references) {
    for (const { image: found, named } of namesOf(reference, all)) {
      const image = platform ? await onPlatform(context, found, platform, reference, options) : found
      const saved = chosen.get(image.id) ?? { image, names: [] }
      if (named && !saved.names.some(({ name }) => name === image.name)) saved.names.push(image)
      chosen.set(image.id, saved)
    }
  }
  return [...chosen.values()]
}

function indexEntries({ image, names }: SavedImage): object[] {
  const { mediaType, digest, size } = image.manifestDescriptor
  const { os, architecture, variant } = image.config
  const descriptor = { mediaType, digest, size, platform: { architecture, os, ...(variant ? { variant } : {}) } }
  if (names.length === 0) return [descriptor]
  return names.map(({ name }) => ({
    ...descriptor,
    annotations: {
      [annotationKeys.containerdImageName]: name,
      [annotationKeys.refName]: parseReference(name).tag ?? '',
    },
  }))
}

function dockerEntry({ image, names }: SavedImage): object {
  return {
    Config: layoutBlobPath(image.manifest.config.digest),
    RepoTags: names.map((name) => repoTag(name)),
    Layers: image.manifest.layers.map(({ digest }) => layoutBlobPath(digest)),
  }
}

/** What clients before docker 1.10 look tags up in. */
function repositories(images: readonly SavedImage[]): Record<string, Record<string, string>> {
  const result: Record<string, Record<string, string>> = {}
  for (const { image, names } of images) {
    for (const { name: stored } of names) {
      const reference = parseReference(stored)
      const top = image.manifest.layers.at(-1) ?? image.manifest.config
      const name = familiarName(reference)
      result[name] = { ...result[name], [reference.tag ?? '']: digestEncoded(top.digest) }
    }
  }
  return result
}

/** The header of a file that is the same whenever it is written. */
function fileHeader(name: string, size: number): Uint8Array {
  return tarHeader({
    name,
    type: 'file',
    linkName: '',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size,
    mtimeNs: 0n,
    atimeNs: undefined,
    major: 0,
    minor: 0,
    xattrs: new Map(),
  })
}

function* jsonFile(path: string, value: unknown): Generator<Uint8Array> {
  const bytes = Buffer.from(JSON.stringify(value))
  yield fileHeader(path, bytes.length)
  yield bytes
  yield new Uint8Array(tarPadding(bytes.length))
}

async function* blobs(
  context: ImageContext,
  images: readonly SavedImage[],
  options: CallOptions,
): AsyncGenerator<Uint8Array> {
  const all = images.flatMap(({ image }) => [image.manifestDescriptor, image.manifest.config, ...image.manifest.layers])
  const distinct = new Map<string, Descriptor>(all.map((descriptor) => [descriptor.digest, descriptor]))
  for (const { digest, size } of distinct.values()) {
    yield fileHeader(layoutBlobPath(digest), size)
    yield* readBlob(context.containerd.content, digest, callOptions(context, options))
    yield new Uint8Array(tarPadding(size))
  }
}

/** The tar of `docker save`: an OCI layout that is a docker archive as well. */
async function* write(
  context: ImageContext,
  images: readonly SavedImage[],
  options: CallOptions,
): AsyncGenerator<Uint8Array> {
  yield* blobs(context, images, options)
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: images.flatMap(indexEntries) }
  yield* jsonFile(imageIndexFile, index)
  yield* jsonFile('manifest.json', images.map(dockerEntry))
  yield* jsonFile(imageLayoutFile, { imageLayoutVersion })
  yield* jsonFile('repositories', repositories(images))
  yield tarEnd
}

/** Resolves the names, then returns the archive to stream. `not-found` for a name that leads to nothing. */
export async function saveArchive(
  context: ImageContext,
  references: readonly string[],
  options: PlatformOptions = {},
): Promise<AsyncIterable<Uint8Array>> {
  const images = await choose(context, references, options)
  for (const { image } of images) context.onEvent({ action: 'save', id: image.id, attributes: { name: image.id } })
  return write(context, images, options)
}
