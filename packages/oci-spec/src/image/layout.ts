// SPDX-License-Identifier: Apache-2.0
import { type Digest, digestAlgorithm, digestEncoded } from './digest.ts'

/** Content of the file `oci-layout`. @public */
export interface ImageLayout {
  imageLayoutVersion: string
}

/** The version of image layout that is written and read. @public */
export const imageLayoutVersion = '1.0.0'

/** The file that says that a directory is an image layout. @public */
export const imageLayoutFile = 'oci-layout'

/** The file that lists a layout's images. @public */
export const imageIndexFile = 'index.json'

/** The directory of a layout's content. @public */
export const imageBlobsDirectory = 'blobs'

/** Where a blob lies in a layout, relative to its directory, with `/` between parts. @public */
export function layoutBlobPath(digest: Digest): string {
  return `${imageBlobsDirectory}/${digestAlgorithm(digest)}/${digestEncoded(digest)}`
}

/** Annotations with a meaning to tools, by what they say. @public */
export const annotationKeys = {
  /** The tag of an image in a layout's index. */
  refName: 'org.opencontainers.image.ref.name',
  created: 'org.opencontainers.image.created',
  title: 'org.opencontainers.image.title',
  description: 'org.opencontainers.image.description',
  licenses: 'org.opencontainers.image.licenses',
  revision: 'org.opencontainers.image.revision',
  source: 'org.opencontainers.image.source',
  version: 'org.opencontainers.image.version',
  baseName: 'org.opencontainers.image.base.name',
  baseDigest: 'org.opencontainers.image.base.digest',
  /** The full name of an image in a layout's index, as containerd and docker write it. */
  containerdImageName: 'io.containerd.image.name',
  /** Of a descriptor in an index: what a manifest that is no image is for. */
  dockerReferenceType: 'vnd.docker.reference.type',
  /** The digest of the image that such a manifest is about. */
  dockerReferenceDigest: 'vnd.docker.reference.digest',
} as const
