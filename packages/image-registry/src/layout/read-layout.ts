// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import {
  annotationKeys,
  type Descriptor,
  digestAlgorithm,
  digestOf,
  type Index,
  isIndexType,
  isManifestType,
} from '@teu/oci-spec/image'
import type { Image } from '../image/image.ts'
import { imagesOf } from '../image/image-index.ts'
import { openLayout } from './layout.ts'

/** A layout's `index.json`. Fails as {@link openLayout} does. @public */
export async function readIndex(location: string): Promise<Index> {
  return (await openLayout(location)).index
}

/**
 * A blob of a layout, held in memory and checked against its descriptor: manifests, indexes, configurations, at most 4 MiB
 * (`resource-exhausted` above). Fails with `not-found` when it is not there, with `data-loss` when it is not what its digest
 * and its size say, and as {@link openLayout} does.
 *
 * @public
 */
export async function readBlob(location: string, descriptor: Descriptor): Promise<Uint8Array> {
  const bytes = await (await openLayout(location)).read(descriptor)
  const actual = digestOf(bytes, digestAlgorithm(descriptor.digest))
  if (actual !== descriptor.digest || bytes.byteLength !== descriptor.size) {
    throw new StackError(
      'data-loss',
      `${location}: blob ${descriptor.digest} holds ${bytes.byteLength} bytes with digest ${actual}`,
    )
  }
  return bytes
}

/**
 * The images of a layout, those inside its indexes too; with `name` only those of that entry. Manifests and
 * configurations are checked, layers when `validateImage` or whoever unpacks them reads them. Artifacts are passed over.
 *
 * Fails with `not-found` for a name that no entry has, with `data-loss` or `invalid-argument` for a manifest or a
 * configuration that is not what was promised, and as {@link openLayout} does.
 *
 * @public
 */
export async function imagesFromLayout(location: string, name?: string): Promise<Image[]> {
  const layout = await openLayout(location)
  const entries =
    name === undefined
      ? layout.index.manifests
      : layout.index.manifests.filter((entry) => entry.annotations?.[annotationKeys.refName] === name)
  if (name !== undefined && entries.length === 0)
    throw new StackError('not-found', `${location}: no image named ${name}`)
  const images: Image[] = []
  for (const entry of entries) {
    // Artifacts may lie among the images; they are kept and not run.
    if (isIndexType(entry.mediaType) || isManifestType(entry.mediaType))
      images.push(...imagesOf(await layout.load(entry)))
  }
  return images
}
