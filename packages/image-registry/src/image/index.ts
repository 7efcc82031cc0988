// SPDX-License-Identifier: Apache-2.0
/**
 * Images as values: made from files, changed into other images, read from archives, checked, and handed to a registry
 * client or a layout to store. It serves no seam and consumes none; the formats are those of the OCI image specification.
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
export { type ArchivedImage, imagesFromDockerArchive } from './docker-archive.ts'
export { appendLayer, contentsOf, emptyImage, type Image, openContent, withCreated, withRunConfig } from './image.ts'
export { type Layer, type LayerOptions, layerFromBytes, layerFromEntries, layerFromTar } from './layer.ts'
export { buildProgramImage, type ProgramImageInit } from './program-image.ts'
export { pushSource } from './push-source.ts'
export type { LayerEntry } from './tar-writer.ts'
export { decompressed, validateImage } from './validate-image.ts'
