// SPDX-License-Identifier: Apache-2.0
import { digestOf } from './wire.ts'

export const manifestType = 'application/vnd.oci.image.manifest.v1+json'
export const indexType = 'application/vnd.oci.image.index.v1+json'
export const configType = 'application/vnd.oci.image.config.v1+json'
const layerType = 'application/vnd.oci.image.layer.v1.tar'

/** How a manifest or an index points at content. */
export interface Descriptor {
  mediaType: string
  digest: string
  size: number
}

/** What nothing in any registry has. */
export const absentDigest = digestOf('nothing has this digest')

export function describe(mediaType: string, content: string | Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(content), size: Buffer.byteLength(content) }
}

/** The configuration of an image that has nothing in it. */
export function configOf(): string {
  return JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } })
}

/** The text of an image manifest; `fields` are added, or replace what is there. */
export function manifestOf(
  { config, layers }: { config: string | Uint8Array; layers: readonly (string | Uint8Array)[] },
  fields: object = {},
): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: describe(configType, config),
    layers: layers.map((layer) => describe(layerType, layer)),
    ...fields,
  })
}

/** The text of an index. */
export function indexOf(manifests: readonly Descriptor[], fields: object = {}): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests, ...fields })
}
