// SPDX-License-Identifier: Apache-2.0
import { isNotFound, StackError } from '@teu/errors'
import { type Descriptor, formatPlatform, isSamePlatform, type Platform, parseManifest } from '@teu/oci-spec/image'
import { hasContent } from './content.ts'
import type { ImageContext } from './image-context.ts'
import { contentOf, type LoadedContent, type LoadedImage, maximumDepth, readDocument } from './loaded-image.ts'

type ReadOptions = { signal?: AbortSignal | undefined; lease?: string | undefined }

/** The images, one a platform, that `target` leads to and that are here with all their layers. */
export async function localContents(
  context: ImageContext,
  target: Descriptor,
  options: ReadOptions = {},
  depth = 0,
): Promise<LoadedContent[]> {
  if (depth > maximumDepth) return []
  try {
    const parsed = parseManifest(await readDocument(context, target.digest, options), target.mediaType)
    if (parsed.kind === 'manifest') {
      const content = await contentOf(context, target, parsed.manifest, options)
      const layers = content.manifest.layers.map((layer) => hasContent(context, layer, options.signal))
      return (await Promise.all(layers)).every(Boolean) ? [content] : []
    }
    const entries = parsed.index.manifests.filter(({ platform }) => platform?.os !== 'unknown')
    const found = await Promise.all(entries.map((entry) => localContents(context, entry, options, depth + 1)))
    return found.flat()
  } catch (error) {
    if (isNotFound(error)) return []
    throw error
  }
}

/** Whether an image is for a platform, however either is spelt. */
export function isFor({ config }: Pick<LoadedContent, 'config'>, platform: Platform): boolean {
  const { os, architecture, variant } = config
  return isSamePlatform({ os, architecture, ...(variant ? { variant } : {}) }, platform)
}

/** The error for an image that is here, but not for the platform that was asked for. */
export function notOnPlatform(reference: string, platform: Platform): StackError {
  const text = `image with reference ${reference} was found but does not provide the specified platform`
  return new StackError('not-found', `${text} (${formatPlatform(platform)})`)
}

/** The image of one name for exactly this platform; `not-found` when that is not here, whatever else is. */
export async function onPlatform(
  context: ImageContext,
  image: LoadedImage,
  platform: Platform,
  reference: string,
  options: ReadOptions = {},
): Promise<LoadedImage> {
  const contents = await localContents(context, image.target, options)
  const content = contents.find((candidate) => isFor(candidate, platform))
  if (!content) throw notOnPlatform(reference, platform)
  return { ...image, ...content }
}
