// SPDX-License-Identifier: Apache-2.0
import type { ProgressMessage } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { familiarReference, isTag, parseReference } from '@teu/oci-spec/distribution'
import {
  annotationKeys,
  type Descriptor,
  digestOf,
  imageIndexFile,
  mediaTypes,
  parseBoundedJson,
  parseImageConfig,
  parseManifest,
} from '@teu/oci-spec/image'
import { ensureContent, once, type Transfer } from '../content.ts'
import type { ImageContext } from '../image-context.ts'
import { keepDangling, setImage } from '../image-records.ts'
import type { PlatformOptions } from '../image-service.ts'
import { withLease } from '../lease.ts'
import { readDocument } from '../loaded-image.ts'
import { checkNewName, storedName } from '../names.ts'
import { ProgressChannel } from '../progress-channel.ts'
import { type ArchiveContent, type StoredFile, storeArchive } from './archive-content.ts'
import { importImage } from './import-image.ts'

/** One image of an archive: what it is and the names it goes by. */
interface ArchivedImage {
  root: Descriptor
  names: string[]
}

/** One entry of a docker archive's `manifest.json`. */
interface DockerEntry {
  Config: string
  RepoTags: string[]
  Layers: string[]
}

function invalid(text: string): never {
  throw new StackError('invalid-argument', `invalid archive: ${text}`)
}

/** Images of one archive. */
const maximumImages = 1000

const isStrings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

function dockerEntries(bytes: Uint8Array): DockerEntry[] {
  const value = parseBoundedJson(bytes, 'invalid archive: manifest.json')
  if (value === null) {
    throw new StackError('invalid-argument', 'invalid manifest, manifest cannot be null (but can be [])')
  }
  if (!Array.isArray(value)) invalid('manifest.json is not a list')
  if (value.length > maximumImages) invalid(`manifest.json has more than ${maximumImages} images`)
  return value.map((entry: Partial<DockerEntry> | null) => {
    const { Config, RepoTags, Layers } = entry ?? {}
    const tags = RepoTags ?? []
    const layers = Layers ?? []
    if (typeof Config !== 'string' || !isStrings(tags) || !isStrings(layers)) invalid('manifest.json names no config')
    return { Config, RepoTags: tags, Layers: layers }
  })
}

/** The config of a docker archive, which lies beside the layers or, in newer ones, among the blobs. */
async function configBytes(
  context: ImageContext,
  content: ArchiveContent,
  path: string,
  transfer: Transfer,
): Promise<Uint8Array> {
  const blob = content.blob(path)
  const bytes = blob ? await readDocument(context, blob.digest, transfer) : content.document(path)
  return bytes ?? invalid(`it has no file ${path}`)
}

function layerOf(content: ArchiveContent, path: string): Descriptor {
  const file: StoredFile = content.blob(path) ?? invalid(`it has no file ${path}`)
  return { mediaType: file.mediaType, digest: file.digest, size: file.size }
}

/** Writes the manifest that a docker archive does not have. */
async function fromDockerEntry(
  context: ImageContext,
  content: ArchiveContent,
  entry: DockerEntry,
  transfer: Transfer,
): Promise<ArchivedImage> {
  const config = await configBytes(context, content, entry.Config, transfer)
  const configDescriptor = { mediaType: mediaTypes.dockerConfig, digest: digestOf(config), size: config.length }
  await ensureContent(context, configDescriptor, once(config), {}, transfer)
  const { diff_ids: diffIds } = parseImageConfig(config).rootfs
  if (diffIds.length !== entry.Layers.length) {
    const counts = `expected ${entry.Layers.length}, got ${diffIds.length}`
    throw new StackError('invalid-argument', `invalid manifest, layers length mismatch: ${counts}`)
  }
  const layers = entry.Layers.map((path) => layerOf(content, path))
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.dockerManifest, config: configDescriptor, layers }
  const bytes = Buffer.from(JSON.stringify(manifest))
  const root = { mediaType: mediaTypes.dockerManifest, digest: digestOf(bytes), size: bytes.length }
  await ensureContent(context, root, once(bytes), {}, transfer)
  return { root, names: entry.RepoTags.map(archivedName) }
}

/** The name of an image in a layout: containerd's annotation, or a reference name that is more than a tag. */
function layoutNames(descriptor: Descriptor): string[] {
  const { annotations = {} } = descriptor
  const full = annotations[annotationKeys.containerdImageName]
  const name = annotations[annotationKeys.refName]
  if (full) return [archivedName(full)]
  return name && !isTag(name) ? [archivedName(name)] : []
}

/** A name that an archive gives to an image. */
function archivedName(text: string): string {
  const name = storedName(text)
  checkNewName(parseReference(name))
  return name
}

/**
 * Several names of one image are several entries of a layout's index. One that does not say its `schemaVersion` is
 * read as of 2, as containerd does.
 */
function fromLayout(bytes: Uint8Array): ArchivedImage[] {
  const value = parseBoundedJson(bytes, 'invalid archive: index.json')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) invalid('index.json is no index')
  const parsed = parseManifest(Buffer.from(JSON.stringify({ schemaVersion: 2, ...value })))
  if (parsed.kind !== 'index') invalid('index.json is no index')
  if (parsed.index.manifests.length > maximumImages) invalid(`index.json has more than ${maximumImages} images`)
  const groups = Map.groupBy(parsed.index.manifests, ({ digest }) => digest)
  return [...groups.values()].map((entries) => {
    const [{ mediaType, digest, size }] = entries as [Descriptor]
    return { root: { mediaType, digest, size }, names: entries.flatMap(layoutNames) }
  })
}

async function archivedImages(
  context: ImageContext,
  content: ArchiveContent,
  transfer: Transfer,
): Promise<ArchivedImage[]> {
  const manifest = content.document('manifest.json')
  const index = content.document(imageIndexFile)
  if (index && content.document('oci-layout')) return fromLayout(index)
  if (!manifest) invalid('does not contain a manifest.json')
  const images: ArchivedImage[] = []
  for (const entry of dockerEntries(manifest)) images.push(await fromDockerEntry(context, content, entry, transfer))
  return images
}

async function* absent({ digest }: Descriptor): AsyncGenerator<Uint8Array> {
  yield* []
  throw new StackError('not-found', `archive has no blob ${digest}`)
}

async function nameImage(
  context: ImageContext,
  image: ArchivedImage,
  id: string,
  transfer: Transfer,
): Promise<string[]> {
  for (const name of image.names) await setImage(context, name, image.root, transfer)
  if (image.names.length === 0) {
    await keepDangling(context, '', image.root, transfer)
    return [`Loaded image ID: ${id}\n`]
  }
  return image.names.map((name) => `Loaded image: ${familiarReference(parseReference(name))}\n`)
}

/**
 * Loads the images of an archive: one of `docker save`, old or new, or an OCI layout; plain, gzip or zstd. Names that
 * exist move to the loaded images. A blob that is missing or wrong fails the load, and no name changes for its image.
 * With `platform` only that one's images are taken, and an image that has none is `not-found`.
 */
export async function* loadArchive(
  context: ImageContext,
  archive: AsyncIterable<Uint8Array>,
  options: PlatformOptions & { quiet?: boolean } = {},
): AsyncGenerator<ProgressMessage> {
  const channel = new ProgressChannel()
  const onLayer = (id: string, current: number, total: number) => {
    if (!options.quiet) channel.count('Loading layer', id, current, total)
  }
  yield* channel.during(
    (signal) =>
      withLease(context, signal, async (lease) => {
        const transfer = { lease, signal }
        const content = await storeArchive(context, archive, onLayer, transfer)
        for (const image of await archivedImages(context, content, transfer)) {
          const { id } = await importImage(context, image.root, absent, transfer, options.platform)
          for (const line of await nameImage(context, image, id, transfer)) channel.push({ stream: line })
          context.onEvent({ action: 'load', id, attributes: { name: id } })
        }
      }),
    options.signal,
  )
}
