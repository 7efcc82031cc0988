// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream'
import { StackError } from '@teu/errors'
import {
  type Descriptor,
  digestOf,
  formatPlatform,
  type HistoryEntry,
  hostPlatform,
  type ImageConfig,
  type ImageRunConfig,
  type Manifest,
  mediaTypes,
  type Platform,
} from '@teu/oci-spec/image'
import type { Layer } from './layer.ts'

/**
 * An image as a value: it never changes, and what changes it makes another. It carries the bytes of its manifest and
 * configuration, because the digests are of bytes, and a way to those of each layer.
 *
 * @public
 */
export interface Image {
  readonly descriptor: Descriptor
  readonly manifest: Manifest
  readonly manifestBytes: Uint8Array
  readonly config: ImageConfig
  readonly configBytes: Uint8Array
  /** Lowest first; as many as the configuration has diff ids. */
  readonly layers: readonly Layer[]
}

/** An image without layers. Default platform: Linux on this machine's processor. @public */
export function emptyImage(platform: Platform = hostPlatform()): Image {
  return assemble({ ...platform, rootfs: { type: 'layers', diff_ids: [] } }, [])
}

/** The image with a layer on top, and an entry about it in its history. @public */
export function appendLayer(image: Image, layer: Layer, history: HistoryEntry = {}): Image {
  const { config } = image
  return assemble(
    {
      ...config,
      rootfs: { type: 'layers', diff_ids: [...config.rootfs.diff_ids, layer.diffId] },
      history: [...(config.history ?? []), history],
    },
    [...image.layers, layer],
  )
}

/** The image with other defaults for its containers; what is not named stays. @public */
export function withRunConfig(image: Image, change: ImageRunConfig): Image {
  return assemble({ ...image.config, config: { ...image.config.config, ...change } }, image.layers)
}

/** The image with another time of creation, RFC 3339. @public */
export function withCreated(image: Image, created: string): Image {
  return assemble({ ...image.config, created }, image.layers)
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
  return { descriptor, manifest, manifestBytes, config, configBytes, layers }
}

function platformOf({ architecture, os, variant }: ImageConfig): Platform {
  return { architecture, os, ...(variant === undefined ? {} : { variant }) }
}

function assemble(config: ImageConfig, layers: readonly Layer[]): Image {
  const configBytes = Buffer.from(JSON.stringify(config))
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, digest: digestOf(configBytes), size: configBytes.byteLength },
    layers: layers.map((layer) => layer.descriptor),
  }
  return imageOf(Buffer.from(JSON.stringify(manifest)), mediaTypes.ociManifest, manifest, configBytes, config, layers)
}

/**
 * The bytes of one of an image's parts, by descriptor: its manifest, its configuration or a layer. Fails with
 * `not-found` for any other digest.
 *
 * @public
 */
export function openContent(image: Image, digest: string): AsyncIterable<Uint8Array> {
  if (digest === image.descriptor.digest) return Readable.from([image.manifestBytes])
  if (digest === image.manifest.config.digest) return Readable.from([image.configBytes])
  const layer = image.layers.find(({ descriptor }) => descriptor.digest === digest)
  if (layer !== undefined) return layer.open()
  throw new StackError('not-found', `image for ${formatPlatform(platformOf(image.config))} has no content ${digest}`)
}

/** Everything that an image consists of, the manifest last. @public */
export function contentsOf(image: Image): Descriptor[] {
  const { layers, config } = image.manifest
  const unique = new Map([...layers, config, image.descriptor].map((descriptor) => [descriptor.digest, descriptor]))
  return [...unique.values()]
}
