// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util'
import { StackError } from '@teu/errors'
import { annotationKeys, formatPlatform, type HistoryEntry } from '@teu/oci-spec/image'
import { annotate } from './content.ts'
import { type Image, platformOf, withConfig, withLayers } from './image.ts'

/** Options of {@link rebaseImage}. @public */
export interface RebaseOptions {
  /** What the new base is called, for the annotation that says so. */
  baseName?: string
}

/**
 * The image with the layers of another base below its own: a fixed base for an application that stays as it is, without
 * building it again. Configuration and the image's own layers stay; the manifest is annotated with its new base.
 *
 * Throws `failed-precondition` when the image is not on top of `oldBase`, or the bases are for different platforms.
 *
 * @public
 */
export function rebaseImage(image: Image, oldBase: Image, newBase: Image, options: RebaseOptions = {}): Image {
  const below = oldBase.layers.length
  for (const [i, { diffId }] of oldBase.layers.entries()) {
    if (image.layers[i]?.diffId !== diffId)
      throw new StackError(
        'failed-precondition',
        `${image.descriptor.digest} is not on top of ${oldBase.descriptor.digest}`,
      )
  }
  const [from, to] = [formatPlatform(platformOf(image.config)), formatPlatform(platformOf(newBase.config))]
  if (from !== to) throw new StackError('failed-precondition', `an image for ${from} cannot go on top of one for ${to}`)
  const history = [...(newBase.config.history ?? []), ...historyAbove(image, below, oldBase.config.history)]
  const rebased = withLayers(image, [...newBase.layers, ...image.layers.slice(below)], history)
  const { 'os.version': version, 'os.features': features } = newBase.config
  return annotate(withConfig(rebased, { 'os.version': version, 'os.features': features }), {
    [annotationKeys.baseDigest]: newBase.descriptor.digest,
    [annotationKeys.baseName]: options.baseName,
  })
}

/**
 * The history above the first `layers` layers. Where the image begins with the whole history of its base, that ends
 * there; else after the entry of the last of these layers, for nobody can tell whose the steps without a layer are.
 *
 * @internal
 */
export function historyAbove(image: Image, layers: number, base: readonly HistoryEntry[] = []): HistoryEntry[] {
  const history = image.config.history ?? []
  const isPrefix = base.every((entry, i) => isDeepStrictEqual(entry, history[i]))
  if (base.length > 0 && isPrefix) return history.slice(base.length)
  let seen = 0
  let first = 0
  while (seen < layers && first < history.length) if (!history[first++]?.empty_layer) seen++
  return history.slice(first)
}
