// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../image/digest.ts'

/** Where a registry says which version it speaks. @public */
export const basePath = '/v2/'

/** Where all repositories are listed. @public */
export const catalogPath = '/v2/_catalog'

/** Where the tags of a repository are listed. @public */
export function tagsPath(repository: string): string {
  return `/v2/${repository}/tags/list`
}

/** Where a manifest lies, by a tag or a digest. @public */
export function manifestPath(repository: string, reference: string): string {
  return `/v2/${repository}/manifests/${reference}`
}

/** Where a blob lies. @public */
export function blobPath(repository: string, digest: Digest): string {
  return `/v2/${repository}/blobs/${digest}`
}

/** Where uploads are opened. @public */
export function uploadsPath(repository: string): string {
  return `/v2/${repository}/blobs/uploads/`
}

/** Where a blob of another repository is asked for, without sending it again. @public */
export function mountPath(repository: string, digest: Digest, from: string): string {
  return `${uploadsPath(repository)}?${new URLSearchParams({ mount: digest, from })}`
}

/** Where the manifests that are about another one are listed. @public */
export function referrersPath(repository: string, digest: Digest): string {
  return `/v2/${repository}/referrers/${digest}`
}

/** The tag that stands in for {@link referrersPath} on registries without it. @public */
export function referrersTag(digest: Digest): string {
  return digest.replace(':', '-').slice(0, digest.indexOf(':') + 1 + 64)
}

/** A scope of access to a repository, as token services know it, for instance `repository:a/b:pull,push`. @public */
export function repositoryScope(repository: string, actions: readonly ('pull' | 'push' | 'delete')[]): string {
  return `repository:${repository}:${actions.join(',')}`
}
