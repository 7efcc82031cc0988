// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream'
import { type Descriptor, digestAlgorithm, digestOf, type Manifest, mediaTypes } from '@teu/oci-spec/image'
import { type Blob, blobFromBytes } from './layer/layer.ts'

/** A manifest that is no image: a signature, an attestation, a chart. Its parts are blobs of whatever kind. @public */
export interface Artifact {
  readonly kind: 'artifact'
  readonly descriptor: Descriptor
  readonly manifest: Manifest
  readonly manifestBytes: Uint8Array
  /** Its configuration and its layers, as far as they are there. */
  readonly blobs: readonly Blob[]
}

/** What {@link makeArtifact} makes an artifact of. @public */
export interface ArtifactInit {
  /** What it is, as a media type. */
  artifactType: string
  blobs: readonly Blob[]
  /** The manifest that it is about. */
  subject?: Descriptor
  annotations?: Readonly<Record<string, string>>
}

/**
 * An artifact whose configuration is the empty one (`{}`, image-spec, guidance for an empty descriptor); without blobs its
 * one layer is that too. Nothing is read yet: the blobs are opened when they are pushed or stored. The same parts make the
 * same bytes.
 *
 * @public
 */
export function makeArtifact({ artifactType, blobs, subject, annotations }: ArtifactInit): Artifact {
  const empty = blobFromBytes(Buffer.from('{}'), mediaTypes.ociEmpty)
  // A manifest has a layer at least, which may be nothing.
  const parts = blobs.length === 0 ? [empty] : blobs
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType,
    config: empty.descriptor,
    layers: parts.map(({ descriptor }) => descriptor),
    ...(subject === undefined ? {} : { subject: bare(subject) }),
    ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
  }
  return artifactOf(Buffer.from(JSON.stringify(manifest)), mediaTypes.ociManifest, manifest, [empty, ...parts])
}

/** A subject is named, not described. */
function bare({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size }
}

/** Puts an artifact together from bytes that are already fixed. @internal */
export function artifactOf(
  manifestBytes: Uint8Array,
  mediaType: string,
  manifest: Manifest,
  blobs: readonly Blob[],
): Artifact {
  const { artifactType } = manifest
  const descriptor: Descriptor = {
    mediaType,
    digest: digestOf(manifestBytes),
    size: manifestBytes.byteLength,
    ...(artifactType ? { artifactType } : {}),
  }
  return { kind: 'artifact', descriptor, manifest, manifestBytes, blobs }
}

/** A blob by where its bytes can be had. @internal */
export function blobAt(descriptor: Descriptor, open: () => AsyncIterable<Uint8Array>): Blob {
  // Small content may come with its descriptor.
  const inline = descriptor.data === undefined ? undefined : Buffer.from(descriptor.data, 'base64')
  const usable =
    inline?.byteLength === descriptor.size && digestOf(inline, digestAlgorithm(descriptor.digest)) === descriptor.digest
  return { descriptor, open: usable ? () => Readable.from([inline]) : open }
}
