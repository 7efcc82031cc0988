// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib'
import { type TarEntry, tarEnd, tarHeader, tarPadding } from '@teu/containerd-api/archive'
import { type Descriptor, digestOf, hostPlatform, type ImageConfig, mediaTypes } from '@teu/oci-spec/image'

/** One entry of a layer: what its header says, and the content of a file. */
export type LayerEntry = Partial<TarEntry> & { name: string; content?: string | Uint8Array }

/** A whole image in memory. */
export interface SampleImage {
  blobs: Map<string, Uint8Array>
  /** The manifest. */
  root: Descriptor
  config: ImageConfig
  layers: Descriptor[]
}

/** A plain tar of entries. */
export function layerTar(entries: readonly LayerEntry[]): Uint8Array {
  const parts = entries.flatMap(({ content = '', ...given }) => {
    const bytes = Buffer.from(content)
    const header = tarHeader({
      type: 'file',
      linkName: '',
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtimeNs: 0n,
      atimeNs: undefined,
      major: 0,
      minor: 0,
      xattrs: new Map(),
      ...given,
      size: bytes.length,
    })
    return [header, bytes, new Uint8Array(tarPadding(bytes.length))]
  })
  return Buffer.concat([...parts, tarEnd])
}

/** Makes an image of the given layers, gzip-compressed, for this machine. */
export function sampleImage(
  layers: readonly (readonly LayerEntry[])[],
  run: ImageConfig['config'] = {},
  architecture: string = hostPlatform().architecture,
): SampleImage {
  const blobs = new Map<string, Uint8Array>()
  const store = (bytes: Uint8Array, mediaType: string): Descriptor => {
    const digest = digestOf(bytes)
    blobs.set(digest, bytes)
    return { mediaType, digest, size: bytes.length }
  }
  const tars = layers.map(layerTar)
  const descriptors = tars.map((tar) => store(gzipSync(tar), mediaTypes.ociLayerGzip))
  const config: ImageConfig = {
    created: '2024-05-06T07:08:09Z',
    architecture,
    os: 'linux',
    config: run,
    rootfs: { type: 'layers', diff_ids: tars.map((tar) => digestOf(tar)) },
    history: layers.map((_, index) => ({ created: '2024-05-06T07:08:09Z', created_by: `step ${index}` })),
  }
  const configDescriptor = store(Buffer.from(JSON.stringify(config)), mediaTypes.ociConfig)
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: configDescriptor,
    layers: descriptors,
  }
  const root = store(Buffer.from(JSON.stringify(manifest)), mediaTypes.ociManifest)
  return { blobs, root, config, layers: descriptors }
}

/** An index of images, with a manifest that is none, as builders attach them. */
export function sampleIndex(images: readonly SampleImage[]): SampleImage {
  const [first] = images as [SampleImage]
  const attestation = { ...first.root, platform: { os: 'unknown', architecture: 'unknown' } }
  const manifests = images.map(({ root, config: { os, architecture } }) => ({
    ...root,
    platform: { os, architecture },
  }))
  const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [attestation, ...manifests] }
  const bytes = Buffer.from(JSON.stringify(index))
  const root = { mediaType: mediaTypes.ociIndex, digest: digestOf(bytes), size: bytes.length }
  const blobs = new Map(images.flatMap((image) => [...image.blobs]))
  return { ...first, blobs: blobs.set(root.digest, bytes), root }
}

/** Puts an image into a registry with plain requests, under a name and a tag. */
export async function uploadImage(url: string, name: string, tag: string, image: SampleImage): Promise<void> {
  for (const [digest, bytes] of image.blobs) {
    if (digest === image.root.digest) continue
    const headers = { 'content-type': 'application/octet-stream' }
    const uploads = `${url}/v2/${name}/blobs/uploads/?digest=${digest}`
    const answer = await fetch(uploads, { method: 'POST', headers, body: Buffer.from(bytes) })
    if (answer.status !== 201) throw new Error(`upload of ${digest}: ${answer.status} ${await answer.text()}`)
  }
  const body = Buffer.from(image.blobs.get(image.root.digest) as Uint8Array)
  const headers = { 'content-type': image.root.mediaType }
  const answer = await fetch(`${url}/v2/${name}/manifests/${tag}`, { method: 'PUT', headers, body })
  if (answer.status !== 201) throw new Error(`manifest: ${answer.status} ${await answer.text()}`)
}
