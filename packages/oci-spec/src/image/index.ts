// SPDX-License-Identifier: Apache-2.0
/**
 * The OCI image specification, and Docker's image formats where they differ: descriptors, manifests, indexes and
 * configurations as types with validators, digests, chain ids and the choice of a platform.
 *
 * @example
 * ```ts
 * import { digestOf, parseManifest } from '@teu/oci-spec/image'
 *
 * const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf('{}'), size: 2 }
 * const body = JSON.stringify({ schemaVersion: 2, config, layers: [] })
 * console.log(parseManifest(new TextEncoder().encode(body)).kind) // manifest
 * ```
 *
 * @packageDocumentation
 */
export { type JsonBounds, parseBoundedJson } from './bounded-json.ts'
export { chainId, chainIds } from './chain-id.ts'
export type { Descriptor } from './descriptor.ts'
export {
  type Digest,
  type DigestAlgorithm,
  digestAlgorithm,
  digestAlgorithms,
  digestEncoded,
  digestOf,
  finishDigest,
  isDigest,
  parseDigest,
} from './digest.ts'
export type { Healthcheck, HistoryEntry, ImageConfig, ImageRunConfig, RootFs } from './image-config.ts'
export {
  annotationKeys,
  type ImageLayout,
  imageBlobsDirectory,
  imageIndexFile,
  imageLayoutFile,
  imageLayoutVersion,
  layoutBlobPath,
} from './layout.ts'
export type { Index, Manifest } from './manifest.ts'
export {
  isConfigType,
  isForeignLayerType,
  isIndexType,
  isLayerType,
  isManifestType,
  isSchema1Type,
  manifestAccept,
  mediaTypes,
} from './media-types.ts'
export { type ParsedManifest, parseImageConfig, parseManifest } from './parse-manifest.ts'
export {
  choosePlatform,
  formatPlatform,
  hostPlatform,
  isSamePlatform,
  matchPlatform,
  normalizePlatform,
  type Platform,
  parsePlatform,
  runnablePlatforms,
} from './platform.ts'
export {
  checkLayerCount,
  maximumDescriptors,
  maximumManifestSize,
  validateDescriptor,
  validateImageConfig,
  validateIndex,
  validateManifest,
} from './validate.ts'
