// SPDX-License-Identifier: Apache-2.0
/**
 * Images as values: made from files, changed into other images, read from registries, layouts and archives, checked, and
 * handed to a registry client, a layout or an archive to store. It serves no seam and consumes none; the formats are
 * those of the OCI image specification and of docker.
 *
 * @example
 * ```ts
 * import { appendLayer, emptyImage, layerFromEntries, validateImage, withRunConfig } from '@teu/image-registry/image'
 *
 * const layer = await layerFromEntries([{ path: 'greeting', content: Buffer.from('hello\n') }])
 * const image = withRunConfig(appendLayer(emptyImage(), layer), { Cmd: ['cat', '/greeting'] })
 * await validateImage(image)
 * console.log(image.descriptor.digest)
 * ```
 *
 * @packageDocumentation
 */
export { type ArchivedImage, imagesFromDockerArchive } from './archive/read-docker-archive.ts'
export { writeDockerArchive } from './archive/write-docker-archive.ts'
export { type Artifact, type ArtifactInit, makeArtifact } from './artifact.ts'
export { type Compression, type CompressOptions, compressed } from './compression/compress.ts'
export { decompressed } from './compression/decompress.ts'
export { annotate, contentsOf, openContent } from './content.ts'
export type { Format } from './format.ts'
export {
  type ContentClient,
  contentFromRegistry,
  type FromRegistryOptions,
  imageFromRegistry,
} from './from-registry.ts'
export {
  appendLayer,
  emptyImage,
  type Image,
  withConfig,
  withCreated,
  withFormat,
  withRunConfig,
} from './image.ts'
export {
  type Content,
  filterPlatforms,
  type ImageIndex,
  type IndexOptions,
  imageFor,
  imagesOf,
  makeIndex,
} from './image-index.ts'
export { type DirectoryOptions, entriesOfDirectory, layerFromDirectory } from './layer/directory-layer.ts'
export {
  type Blob,
  blobFromBytes,
  type Layer,
  type LayerOptions,
  layerFromBytes,
  layerFromEntries,
  layerFromStored,
  layerFromTar,
  recompressLayer,
} from './layer/layer.ts'
export type { LayerEntry } from './layer/tar-writer.ts'
export { buildProgramImage, type ProgramImageInit } from './program-image.ts'
export { type PushCompressedOptions, pushCompressed } from './push-compressed.ts'
export { pushSource } from './push-source.ts'
export { type RebaseOptions, rebaseImage } from './rebase.ts'
export { type SquashOptions, squashImage } from './squash.ts'
export { validateContent, validateImage } from './validate-image.ts'
