// SPDX-License-Identifier: Apache-2.0
import { type Digest, digestAlgorithm, digestEncoded } from '@teu/oci-spec/image'

/**
 * Where things stand in a registry's storage: the tree of Docker's own registry (`docker/registry/v2`). Content lies
 * once, under its digest; what a repository holds of it are *links*, small files with a digest inside.
 */
const base = 'docker/registry/v2'
const repositories = `${base}/repositories`

const byDigest = (digest: Digest) => `${digestAlgorithm(digest)}/${digestEncoded(digest)}`

/** The names of places. @internal */
export const tree = {
  blobs: `${base}/blobs`,
  blobFolder: (digest: Digest) =>
    `${base}/blobs/${digestAlgorithm(digest)}/${digestEncoded(digest).slice(0, 2)}/${digestEncoded(digest)}`,
  blob: (digest: Digest) => `${tree.blobFolder(digest)}/data`,
  repositories,
  repository: (name: string) => `${repositories}/${name}`,
  layers: (name: string) => `${repositories}/${name}/_layers`,
  layer: (name: string, digest: Digest) => `${repositories}/${name}/_layers/${byDigest(digest)}`,
  revisions: (name: string) => `${repositories}/${name}/_manifests/revisions`,
  revision: (name: string, digest: Digest) => `${repositories}/${name}/_manifests/revisions/${byDigest(digest)}`,
  tags: (name: string) => `${repositories}/${name}/_manifests/tags`,
  tag: (name: string, tag: string) => `${repositories}/${name}/_manifests/tags/${tag}`,
  /** Not in Docker's tree: which manifests name another as their subject. */
  referrers: (name: string, subject: Digest) => `${repositories}/${name}/_manifests/referrers/${byDigest(subject)}`,
  uploads: (name: string) => `${repositories}/${name}/_uploads`,
  upload: (name: string, id: string) => `${repositories}/${name}/_uploads/${id}`,
}
