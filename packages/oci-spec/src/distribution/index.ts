// SPDX-License-Identifier: Apache-2.0
/**
 * The OCI distribution specification: names of images, paths, error codes and the headers of a registry's protocol.
 * It defines the seam between whoever pulls or pushes and a registry.
 *
 * @example
 * ```ts
 * import { familiarReference, formatReference, parseReference, withDefaultTag } from '@teu/oci-spec/distribution'
 *
 * const reference = withDefaultTag(parseReference('busybox'))
 * console.log(formatReference(reference)) // docker.io/library/busybox:latest
 * console.log(familiarReference(reference)) // busybox:latest
 * ```
 *
 * @packageDocumentation
 */
export { type AuthChallenge, parseChallenges } from './auth-challenge.ts'
export {
  type ByteRange,
  formatContentRange,
  formatUploadRange,
  parseContentRange,
  parseUploadRange,
  resolveRange,
} from './content-range.ts'
export {
  parseErrorBody,
  type RegistryError,
  type RegistryErrorBody,
  type RegistryErrorCode,
  registryErrorStatus,
} from './error-codes.ts'
export { formatNextLink, parseNextLink } from './link.ts'
export {
  basePath,
  blobPath,
  catalogPath,
  manifestPath,
  mountPath,
  referrersPath,
  referrersTag,
  repositoryScope,
  tagsPath,
  uploadsPath,
} from './paths.ts'
export {
  defaultRegistry,
  defaultTag,
  familiarName,
  familiarReference,
  formatReference,
  isRepositoryName,
  isTag,
  parseReference,
  type Reference,
  withDefaultTag,
} from './reference.ts'
