// SPDX-License-Identifier: Apache-2.0
/**
 * OCI image layouts: directories and archives that hold images, written and read. They serve no seam; skopeo, podman,
 * crane and buildkit read and write the same ones.
 *
 * @example
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises'
 * import { emptyImage } from '@teu/image-registry/image'
 * import { openLayout, writeLayout } from '@teu/image-registry/layout'
 *
 * const directory = await mkdtemp('/tmp/layout-')
 * await writeLayout(directory, [emptyImage()], { name: 'nothing' })
 * const layout = await openLayout(directory)
 * console.log((await layout.load(layout.find('nothing'))).kind) // image
 * await rm(directory, { recursive: true })
 * ```
 *
 * @packageDocumentation
 */
export { type Layout, openLayout } from './layout.ts'
export type { WriteLayoutOptions } from './layout-index.ts'
export { type LayoutSink, layoutSink, layoutSource } from './layout-sink.ts'
export { imagesFromLayout, readBlob, readIndex } from './read-layout.ts'
export { writeLayout, writeLayoutArchive } from './write-layout.ts'
