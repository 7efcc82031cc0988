// SPDX-License-Identifier: Apache-2.0
import {
  type Descriptor,
  digestOf,
  type HistoryEntry,
  hostPlatform,
  type ImageConfig,
  type ImageRunConfig,
  type Manifest,
  mediaTypes,
  type Platform,
} from '@teu/oci-spec/image'
import { type Format, formatOf, inFormat } from './format.ts'
import type { Layer } from './layer/layer.ts'

/**
 * An image as a value: it never changes, and what changes it makes another. It carries the bytes of its manifest and
 * configuration, because the digests are of bytes, and a way to those of each layer.
 *
 * @public
 */
export interface Image {
  readonly kind: 'image'
  readonly descriptor: Descriptor
  readonly manifest: Manifest
  readonly manifestBytes: Uint8Array
  readonly config: ImageConfig
  readonly configBytes: Uint8Array
  /** Lowest first; as many as the configuration has diff ids. */
  readonly layers: readonly Layer[]
}

/**
 * An image without layers, in the format of OCI: what a first layer is appended to, as `FROM scratch` is. Default platform:
 * Linux on this machine's processor.
 *
 * @public
 */
export function emptyImage(platform: Platform = hostPlatform()): Image {
  const config: ImageConfig = { ...platform, rootfs: { type: 'layers', diff_ids: [] } }
  return assemble(config, [], { schemaVersion: 2, mediaType: mediaTypes.ociManifest })
}

/**
 * The image with a layer on top, and an entry about it in its history, which is empty unless one is given. The layer is not
 * read. What its media type is called follows the format of the image.
 *
 * @public
 */
export function appendLayer(image: Image, layer: Layer, history: HistoryEntry = {}): Image {
  return withLayers(image, [...image.layers, layer], [...(image.config.history ?? []), history])
}

/**
 * The image with other defaults for its containers (`config.config`, image-spec): command, environment, user, ports. What is
 * not named stays; a list or a table that is named takes the old one's place whole.
 *
 * @public
 */
export function withRunConfig(image: Image, change: ImageRunConfig): Image {
  return withConfig(image, { config: { ...image.config.config, ...change } })
}

/**
 * The image with other properties of its configuration, such as author or platform; what is not named stays, what is
 * `undefined` goes. Layers and history are changed by what changes layers.
 *
 * @public
 */
export function withConfig(
  image: Image,
  change: { [K in keyof Omit<ImageConfig, 'rootfs' | 'history'>]?: ImageConfig[K] | undefined },
): Image {
  const entries = Object.entries({ ...image.config, ...change }).filter(([, value]) => value !== undefined)
  return assemble(Object.fromEntries(entries) as unknown as ImageConfig, image.layers, image.manifest)
}

/**
 * The image with another time of creation, as a text of RFC 3339 (`2026-01-31T12:00:00Z`), which is not checked here but by
 * who reads the image. Without one an image says nothing of when it was made, and the same parts make the same bytes.
 *
 * @public
 */
export function withCreated(image: Image, created: string): Image {
  return withConfig(image, { created })
}

/**
 * The image in the formats of OCI or of Docker: other media types, so another digest, with the same layers and the same
 * configuration, and so the same image id.
 *
 * @public
 */
export function withFormat(image: Image, format: Format): Image {
  const mediaType = format === 'oci' ? mediaTypes.ociManifest : mediaTypes.dockerManifest
  return assemble(image.config, image.layers, { ...image.manifest, mediaType })
}

/** The image with other layers and the history that goes with them. @internal */
export function withLayers(image: Image, layers: readonly Layer[], history: readonly HistoryEntry[]): Image {
  const rootfs = { type: 'layers' as const, diff_ids: layers.map(({ diffId }) => diffId) }
  return assemble({ ...image.config, rootfs, history: [...history] }, layers, image.manifest)
}

/** The image whose layers are stored as these descriptors say; what they decompress to is the same. @internal */
export function withStoredLayers(image: Image, descriptors: readonly Descriptor[]): Image {
  const layers = image.layers.map((layer, i) => ({ ...layer, descriptor: descriptors[i] ?? layer.descriptor }))
  return assemble(image.config, layers, image.manifest, image.configBytes)
}

/** The image with other properties of its manifest. @internal */
export function withManifest(image: Image, change: Partial<Pick<Manifest, 'annotations' | 'subject'>>): Image {
  return assemble(image.config, image.layers, { ...image.manifest, ...change }, image.configBytes)
}

/** Puts an image together from parts whose bytes are already fixed, such as those of a layout. @internal */
export function imageOf(
  manifestBytes: Uint8Array,
  mediaType: string,
  manifest: Manifest,
  configBytes: Uint8Array,
  config: ImageConfig,
  layers: readonly Layer[],
): Image {
  const descriptor: Descriptor = {
    mediaType,
    digest: digestOf(manifestBytes),
    size: manifestBytes.byteLength,
    platform: platformOf(config),
  }
  return { kind: 'image', descriptor, manifest, manifestBytes, config, configBytes, layers }
}

/** What an image runs on, by its configuration. @internal */
export function platformOf(config: ImageConfig): Platform {
  const { architecture, os, variant, 'os.version': version, 'os.features': features } = config
  return {
    architecture,
    os,
    ...(variant ? { variant } : {}),
    ...(version ? { 'os.version': version } : {}),
    ...(features ? { 'os.features': features } : {}),
  }
}

/** A manifest and a configuration that fit; the format is that of the manifest which there was. */
function assemble(
  config: ImageConfig,
  layers: readonly Layer[],
  before: Omit<Manifest, 'config' | 'layers'>,
  configBytes: Uint8Array = Buffer.from(JSON.stringify(config)),
): Image {
  const format = formatOf(before.mediaType)
  const mediaType = inFormat(format, mediaTypes.ociManifest)
  const { annotations, subject, artifactType } = before
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType,
    ...(artifactType ? { artifactType } : {}),
    config: {
      mediaType: inFormat(format, mediaTypes.ociConfig),
      digest: digestOf(configBytes),
      size: configBytes.byteLength,
    },
    layers: layers.map(({ descriptor }) => ({ ...descriptor, mediaType: inFormat(format, descriptor.mediaType) })),
    ...(subject ? { subject } : {}),
    ...(annotations && Object.keys(annotations).length > 0 ? { annotations } : {}),
  }
  const bytes = Buffer.from(JSON.stringify(manifest))
  // What the image lists as its layers is what its manifest says of them.
  const listed = layers.map((layer, i) => ({ ...layer, descriptor: manifest.layers[i] as Descriptor }))
  return imageOf(bytes, mediaType, manifest, configBytes, config, listed)
}
