// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { StackError } from '@teu/errors'
import {
  checkLayerCount,
  type Digest,
  digestOf,
  finishDigest,
  type ImageConfig,
  type Manifest,
  maximumManifestSize,
  mediaTypes,
  parseImageConfig,
} from '@teu/oci-spec/image'
import { Header } from 'tar'
import { type Image, imageOf } from './image.ts'
import type { Layer } from './layer.ts'

/** An image of an archive, and the names it goes by there. @public */
export interface ArchivedImage {
  image: Image
  /** As in `busybox:1.36`; none for an image that was saved by its id. */
  names: string[]
}

interface Place {
  start: number
  size: number
}

interface ManifestEntry {
  Config: string
  RepoTags: string[] | null
  Layers: string[]
}

const blockSize = 512
/** Entries of one archive. */
const maximumEntries = 100_000

/**
 * The images of an archive as `docker save` and skopeo write it: an uncompressed tar with a `manifest.json`. The file is
 * read again whenever a layer is opened, and must not change. Names in it are looked up among its entries, never on
 * disk. Throws `invalid-argument` for anything that is no such archive.
 *
 * @public
 */
export async function imagesFromDockerArchive(file: string): Promise<ArchivedImage[]> {
  await using handle = await open(file, 'r')
  const places = await indexTar(handle, file)
  const entries = parseEntries(await readPlace(handle, placeOf(places, 'manifest.json', file)), file)
  const images: ArchivedImage[] = []
  for (const entry of entries) {
    const configBytes = await readPlace(handle, placeOf(places, entry.Config, file))
    const config = parseImageConfig(configBytes)
    const layers: Layer[] = []
    for (const [position, name] of entry.Layers.entries()) {
      layers.push(await layerAt(file, placeOf(places, name, file), config.rootfs.diff_ids[position]))
    }
    images.push({ image: imageFrom(configBytes, config, layers), names: entry.RepoTags ?? [] })
  }
  return images
}

function imageFrom(configBytes: Uint8Array, config: ImageConfig, layers: Layer[]): Image {
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

async function layerAt(file: string, place: Place, diffId: Digest | undefined): Promise<Layer> {
  const open = () =>
    createReadStream(file, { start: place.start, end: place.start + place.size - 1, highWaterMark: 256 * 1024 })
  const hash = createHash('sha256')
  let isGzip: boolean | undefined
  for await (const chunk of open()) {
    isGzip ??= chunk[0] === 0x1f && chunk[1] === 0x8b
    hash.update(chunk)
  }
  const digest = finishDigest('sha256', hash)
  const mediaType = isGzip ? mediaTypes.dockerLayerGzip : mediaTypes.dockerLayer
  return { descriptor: { mediaType, digest, size: place.size }, diffId: diffId ?? digest, open }
}

/** Where each file's bytes lie. Long names come as entries of their own in front of the one they belong to. */
async function indexTar(handle: FileHandle, file: string): Promise<Map<string, Place>> {
  const places = new Map<string, Place>()
  const block = Buffer.alloc(blockSize)
  let at = 0
  for (let count = 0; ; count++) {
    if (count > maximumEntries)
      throw new StackError('resource-exhausted', `${file}: more than ${maximumEntries} entries`)
    const { bytesRead } = await handle.read(block, 0, blockSize, at)
    if (bytesRead < blockSize) break
    const header = new Header(block)
    if (header.nullBlock) break
    const { size = 0, path = '' } = header
    if (!header.cksumValid || !Number.isSafeInteger(size) || size < 0)
      throw new StackError('invalid-argument', `${file}: invalid tar header`)
    const place = { start: at + blockSize, size }
    if (header.type === 'File' || header.type === 'OldFile') places.set(path.replace(/^\.\//, ''), place)
    if (header.type === 'SymbolicLink') aliases(places, path, header.linkpath ?? '')
    at += blockSize + Math.ceil(size / blockSize) * blockSize
  }
  return places
}

/** skopeo writes layers once and links to them under Docker's old names. */
function aliases(places: Map<string, Place>, path: string, target: string): void {
  const resolved = new URL(target, `tar:///${path}`).pathname.slice(1)
  const place = places.get(resolved)
  if (place !== undefined) places.set(path, place)
}

function placeOf(places: Map<string, Place>, name: string, file: string): Place {
  const place = places.get(name)
  if (place === undefined)
    throw new StackError('invalid-argument', `${file}: has no entry ${JSON.stringify(name.slice(0, 256))}`)
  return place
}

async function readPlace(handle: FileHandle, { start, size }: Place): Promise<Uint8Array> {
  if (size > maximumManifestSize)
    throw new StackError('resource-exhausted', `entry of ${size} bytes exceeds ${maximumManifestSize}`)
  const bytes = Buffer.alloc(size)
  const { bytesRead } = await handle.read(bytes, 0, size, start)
  return bytes.subarray(0, bytesRead)
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
