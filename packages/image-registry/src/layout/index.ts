// SPDX-License-Identifier: Apache-2.0
/**
 * OCI image layouts: directories that hold images, written and read. They serve no seam; skopeo, podman, crane and
 * buildkit read and write the same ones.
 *
 * @example
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises'
 * import { emptyImage } from '@teu/image-registry/image'
 * import { imagesFromLayout, writeLayout } from '@teu/image-registry/layout'
 *
 * const directory = await mkdtemp('/tmp/layout-')
 * await writeLayout(directory, [emptyImage()], { name: 'nothing' })
 * console.log((await imagesFromLayout(directory, 'nothing')).length) // 1
 * await rm(directory, { recursive: true })
 * ```
 *
 * @packageDocumentation
 */
export { imagesFromLayout, openBlob, readBlob, readIndex } from './read-layout.ts'
export { type WriteLayoutOptions, writeLayout } from './write-layout.ts'
