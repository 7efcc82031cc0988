// SPDX-License-Identifier: Apache-2.0

/** Media types of the OCI image specification and of Docker's image formats that preceded it, by what they name. @public */
export const mediaTypes = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
  ociLayerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociLayerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  ociForeignLayer: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
  ociForeignLayerGzip: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  ociForeignLayerZstd: 'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  ociDescriptor: 'application/vnd.oci.descriptor.v1+json',
  ociLayoutHeader: 'application/vnd.oci.layout.header.v1+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerPluginConfig: 'application/vnd.docker.plugin.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  dockerLayerZstd: 'application/vnd.docker.image.rootfs.diff.tar.zstd',
  dockerForeignLayerGzip: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  dockerSchema1: 'application/vnd.docker.distribution.manifest.v1+json',
  dockerSchema1Signed: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
} as const

const indexes: readonly string[] = [mediaTypes.ociIndex, mediaTypes.dockerManifestList]
const manifests: readonly string[] = [mediaTypes.ociManifest, mediaTypes.dockerManifest]
const schema1: readonly string[] = [mediaTypes.dockerSchema1, mediaTypes.dockerSchema1Signed]
const configs: readonly string[] = [mediaTypes.ociConfig, mediaTypes.dockerConfig]
const foreign: readonly string[] = [
  mediaTypes.ociForeignLayer,
  mediaTypes.ociForeignLayerGzip,
  mediaTypes.ociForeignLayerZstd,
  mediaTypes.dockerForeignLayerGzip,
]
const layers: readonly string[] = [
  mediaTypes.ociLayer,
  mediaTypes.ociLayerGzip,
  mediaTypes.ociLayerZstd,
  mediaTypes.dockerLayer,
  mediaTypes.dockerLayerGzip,
  mediaTypes.dockerLayerZstd,
  ...foreign,
]

/** What a client accepts when it asks for a manifest, best first. @public */
export const manifestAccept: readonly string[] = [
  mediaTypes.ociIndex,
  mediaTypes.dockerManifestList,
  mediaTypes.ociManifest,
  mediaTypes.dockerManifest,
  '*/*',
]

/** Whether a media type is that of an image index or of a manifest list. @public */
export function isIndexType(mediaType: string): boolean {
  return indexes.includes(mediaType)
}

/** Whether a media type is that of an image manifest. @public */
export function isManifestType(mediaType: string): boolean {
  return manifests.includes(mediaType)
}

/** Whether a media type is that of Docker's first manifest format, which nothing here reads. @public */
export function isSchema1Type(mediaType: string): boolean {
  return schema1.includes(mediaType)
}

/** Whether a media type is that of an image configuration. @public */
export function isConfigType(mediaType: string): boolean {
  return configs.includes(mediaType)
}

/** Whether a media type is that of a file system layer, foreign ones included. @public */
export function isLayerType(mediaType: string): boolean {
  return layers.includes(mediaType)
}

/** Whether a media type is that of a layer that must not be pushed to a registry. @public */
export function isForeignLayerType(mediaType: string): boolean {
  return foreign.includes(mediaType)
}
