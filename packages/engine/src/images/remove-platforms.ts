// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { knownLabels } from '@teu/containerd-api'
import type { ImageDeleteItem } from '@teu/engine-api'
import { isNotFound } from '@teu/errors'
import { type Descriptor, isIndexType, type Platform, parseManifest } from '@teu/oci-spec/image'
import { callOptions, type ImageContext } from './image-context.ts'
import type { CallOptions } from './image-service.ts'
import { type LoadedContent, type LoadedImage, readDocument } from './loaded-image.ts'
import { isFor, localContents, notOnPlatform } from './platform-content.ts'

/** The part of an image that platforms select. */
export interface SelectedContents {
  /** The manifests for one of the platforms. */
  selected: LoadedContent[]
  /** Whether something would be left of the image. */
  partial: boolean
}

/** Finds what an image has for platforms; `not-found` for one that it has nothing for. */
export async function selectPlatforms(
  context: ImageContext,
  image: LoadedImage,
  platforms: readonly Platform[],
  reference: string,
  options: CallOptions = {},
): Promise<SelectedContents> {
  const contents = await localContents(context, image.target, options)
  for (const platform of platforms) {
    if (!contents.some((content) => isFor(content, platform))) throw notOnPlatform(reference, platform)
  }
  const selected = contents.filter((content) => platforms.some((platform) => isFor(content, platform)))
  return { selected, partial: selected.length < contents.length }
}

/** Removes some platforms' parts of an index whose name stays. */
export async function removeContents(
  context: ImageContext,
  target: Descriptor,
  selected: readonly LoadedContent[],
  options: CallOptions = {},
): Promise<ImageDeleteItem[]> {
  const gone = new Set<string>(selected.map(({ manifestDescriptor }) => manifestDescriptor.digest))
  await forget(context, target, gone, options)
  context.contents.delete(target.digest)
  await collect(context, options)
  for (const { id } of selected) context.onEvent({ action: 'delete', id, attributes: { name: id } })
  return selected.map(({ id }) => ({ Deleted: id }))
}

/** Takes away what keeps these manifests, in the index itself and in indexes that it lists. */
async function forget(
  context: ImageContext,
  target: Descriptor,
  gone: ReadonlySet<string>,
  options: CallOptions,
): Promise<void> {
  const call = callOptions(context, options)
  const { content } = context.containerd
  const { info } = await content.info({ digest: target.digest }, call)
  const keys = Object.entries(info?.labels ?? {})
    .filter(([key, value]) => key.startsWith(knownLabels.gcRefContent) && gone.has(value))
    .map(([key]) => key)
  if (keys.length > 0) {
    const labels = Object.fromEntries(keys.map((key) => [key, '']))
    const changed = { digest: target.digest, size: 0n, createdAt: undefined, updatedAt: undefined, labels }
    await content.update({ info: changed, updateMask: keys.map((key) => `labels.${key}`) }, call)
  }
  const parsed = parseManifest(await readDocument(context, target.digest, options), target.mediaType)
  const nested = parsed.kind === 'index' ? parsed.index.manifests.filter(({ mediaType }) => isIndexType(mediaType)) : []
  for (const index of nested) {
    await forget(context, index, gone, options).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
  }
}

/** Runs the garbage collector: it comes with the removal of a lease. */
async function collect(context: ImageContext, options: CallOptions): Promise<void> {
  const { leases } = context.containerd
  const id = `teu-images-${Date.now()}-${randomBytes(4).toString('hex')}`
  await leases.create({ id, labels: {} }, callOptions(context, options))
  await leases.delete({ id, sync: true }, callOptions(context, options))
}
