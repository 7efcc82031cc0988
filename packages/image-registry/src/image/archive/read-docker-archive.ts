// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { StackError } from '@teu/errors'
import {
  checkLayerCount,
  type Digest,
  digestAlgorithm,
  digestOf,
  finishDigest,
  type Manifest,
  maximumManifestSize,
  mediaTypes,
  parseBoundedJson,
  parseImageConfig,
} from '@teu/oci-spec/image'
import { compressionOfStream } from '../compression/decompress.ts'
import { inFormat } from '../format.ts'
import { type Image, imageOf } from '../image.ts'
import { type Layer, layerFromStored } from '../layer/layer.ts'
import { openTarFile, type TarFile } from './tar-file.ts'

/** An image of an archive, and the names it goes by there. @public */
export interface ArchivedImage {
  image: Image
  /** As in `busybox:1.36`; none for an image that was saved by its id. */
  names: string[]
}

interface ManifestEntry {
  Config: string
  RepoTags: string[] | null
  Layers: string[]
}

/**
 * The images of an archive as `docker save` and skopeo write it: a tar with a `manifest.json`, compressed or not. The
 * file is read again whenever a layer is opened, a compressed one from its beginning, and must not change. Names in it
 * are looked up among its entries, never on disk.
 *
 * Layers that are compressed are read now to learn their digests; plain ones, as docker writes them, when they are opened,
 * for the configuration tells their digests. Throws `invalid-argument` for anything that is no such archive, and, now or
 * at the end of what is opened, `data-loss` for a layer that does not have the diff id which the configuration gives.
 *
 * @public
 */
export async function imagesFromDockerArchive(file: string): Promise<ArchivedImage[]> {
  const archive = await openTarFile(file)
  const entries = parseEntries(await archive.read('manifest.json', maximumManifestSize), file)
  const layers = new Map<string, Layer>()
  const images: ArchivedImage[] = []
  for (const entry of entries) {
    images.push({ image: await imageFrom(archive, entry, layers), names: entry.RepoTags ?? [] })
  }
  return images
}

async function imageFrom(archive: TarFile, entry: ManifestEntry, known: Map<string, Layer>): Promise<Image> {
  const configBytes = await archive.read(entry.Config, maximumManifestSize)
  const config = parseImageConfig(configBytes)
  const layers: Layer[] = []
  for (const [position, name] of entry.Layers.entries())
    layers.push(await layerFrom(archive, name, config.rootfs.diff_ids[position], known))
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: { mediaType: mediaTypes.dockerConfig, digest: digestOf(configBytes), size: configBytes.byteLength },
    layers: layers.map(({ descriptor }) => descriptor),
  }
  checkLayerCount(config, manifest)
  const bytes = Buffer.from(JSON.stringify(manifest))
  return imageOf(bytes, mediaTypes.dockerManifest, manifest, configBytes, config, layers)
}

/** Images of one archive share their layers. */
async function layerFrom(
  archive: TarFile,
  name: string,
  diffId: Digest | undefined,
  known: Map<string, Layer>,
): Promise<Layer> {
  const layer = known.get(name) ?? (await readLayer(archive, name, diffId))
  known.set(name, layer)
  if (diffId !== undefined && layer.diffId !== diffId) throw wrongLayer(archive, name, layer.diffId, diffId)
  const { mediaType } = layer.descriptor
  return { ...layer, descriptor: { ...layer.descriptor, mediaType: inFormat('docker', mediaType) } }
}

async function readLayer(archive: TarFile, name: string, diffId: Digest | undefined): Promise<Layer> {
  const isPlain = diffId !== undefined && (await compressionOfStream(archive.open(name))) === 'none'
  if (!isPlain) return layerFromStored(() => archive.open(name))
  const descriptor = { mediaType: mediaTypes.ociLayer, digest: diffId, size: archive.sizeOf(name) }
  return { descriptor, diffId, open: () => checked(archive, name, diffId) }
}

async function* checked(archive: TarFile, name: string, diffId: Digest): AsyncGenerator<Uint8Array, void, undefined> {
  const algorithm = digestAlgorithm(diffId)
  const hash = createHash(algorithm)
  for await (const chunk of archive.open(name)) {
    hash.update(chunk)
    yield chunk
  }
  const actual = finishDigest(algorithm, hash)
  if (actual !== diffId) throw wrongLayer(archive, name, actual, diffId)
}

function wrongLayer(archive: TarFile, name: string, actual: Digest, diffId: Digest): StackError {
  return new StackError(
    'data-loss',
    `${archive.name}: layer ${JSON.stringify(name)} has diff id ${actual}, not ${diffId}`,
  )
}

function parseEntries(bytes: Uint8Array, file: string): ManifestEntry[] {
  const value = parseBoundedJson(bytes, `${file}: manifest.json`)
  const isText = (entry: unknown) => typeof entry === 'string'
  const isEntry = (entry: Partial<ManifestEntry> | null) =>
    isText(entry?.Config) &&
    Array.isArray(entry?.Layers) &&
    entry.Layers.every(isText) &&
    (entry.RepoTags ?? []).every(isText)
  if (!Array.isArray(value) || !value.every(isEntry))
    throw new StackError('invalid-argument', `${file}: manifest.json lists no images`)
  return value as ManifestEntry[]
}
