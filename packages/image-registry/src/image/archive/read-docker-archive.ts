// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import {
  checkLayerCount,
  type Digest,
  digestOf,
  type Manifest,
  maximumManifestSize,
  mediaTypes,
  parseImageConfig,
} from '@teu/oci-spec/image'
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
 * Layers are read now to learn their digests. Throws `invalid-argument` for anything that is no such archive, and
 * `data-loss` for a layer that does not have the diff id which the configuration gives.
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
  const layer = known.get(name) ?? (await layerFromStored(() => archive.open(name)))
  known.set(name, layer)
  if (diffId !== undefined && layer.diffId !== diffId)
    throw new StackError(
      'data-loss',
      `${archive.name}: layer ${JSON.stringify(name)} has diff id ${layer.diffId}, not ${diffId}`,
    )
  const { mediaType } = layer.descriptor
  return { ...layer, descriptor: { ...layer.descriptor, mediaType: inFormat('docker', mediaType) } }
}

function parseEntries(bytes: Uint8Array, file: string): ManifestEntry[] {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (error) {
    throw new StackError('invalid-argument', `${file}: manifest.json is not JSON`, { cause: error })
  }
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
