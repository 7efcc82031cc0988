// SPDX-License-Identifier: Apache-2.0
import { mediaTypes } from '@teu/oci-spec/image'

/** The two families of media types. @public */
export type Format = 'oci' | 'docker'

const pairs: readonly (readonly [oci: string, docker: string])[] = [
  [mediaTypes.ociIndex, mediaTypes.dockerManifestList],
  [mediaTypes.ociManifest, mediaTypes.dockerManifest],
  [mediaTypes.ociConfig, mediaTypes.dockerConfig],
  [mediaTypes.ociLayer, mediaTypes.dockerLayer],
  [mediaTypes.ociLayerGzip, mediaTypes.dockerLayerGzip],
  [mediaTypes.ociLayerZstd, mediaTypes.dockerLayerZstd],
  [mediaTypes.ociForeignLayerGzip, mediaTypes.dockerForeignLayerGzip],
]
const toDocker = new Map(pairs)
const toOci = new Map(pairs.map(([oci, docker]) => [docker, oci]))

/** The family of a manifest's or an index's media type; without one it is OCI's. @internal */
export function formatOf(mediaType: string | undefined): Format {
  return mediaType !== undefined && toOci.has(mediaType) ? 'docker' : 'oci'
}

/** What a family calls the thing that a media type names; a type that only one of them has stays. @internal */
export function inFormat(format: Format, mediaType: string): string {
  return (format === 'docker' ? toDocker : toOci).get(mediaType) ?? mediaType
}
