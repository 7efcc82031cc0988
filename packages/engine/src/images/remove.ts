// SPDX-License-Identifier: Apache-2.0
import { booleanFilter, type ImageDeleteItem } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { chainIds } from '@teu/oci-spec/image'
import type { ImageContext } from './image-context.ts'
import { deleteImage, keepDangling, listImages } from './image-records.ts'
import type { CallOptions, ImageRemoveOptions, ImageUser } from './image-service.ts'
import { contentSize } from './image-views.ts'
import { byId, type Filters, filterImages } from './list-filters.ts'
import type { LoadedImage } from './loaded-image.ts'
import { type FoundImage, repoDigest, repoTag, requireImage } from './names.ts'
import { removeContents, selectPlatforms } from './remove-platforms.ts'

const short = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12)

function conflict(reference: string, force: boolean, text: string): never {
  const must = force ? 'cannot be forced' : 'must be forced'
  throw new StackError('conflict', `conflict: unable to delete ${reference} (${must}) - ${text}`)
}

/** A running container stands in the way always, a stopped one unless forced. */
function refuseUsed(reference: string, users: readonly ImageUser[], force: boolean): void {
  const running = users.find((user) => user.running)
  if (running) conflict(reference, true, `image is being used by running container ${short(running.containerId)}`)
  const [stopped] = users
  if (stopped && !force) {
    conflict(reference, false, `image is being used by stopped container ${short(stopped.containerId)}`)
  }
}

/** `repository name` counts once for its tag and its digest. */
function repositories(names: readonly LoadedImage[]): Set<string> {
  return new Set(names.map((image) => (repoDigest(image) ?? '').replace(/@.*$/, '')))
}

function untagged(image: LoadedImage): ImageDeleteItem[] {
  const tag = repoTag(image) ?? repoDigest(image)
  return tag === undefined ? [] : [{ Untagged: tag }]
}

/** What becomes of layers cannot be known from names alone: those that no other image has go with the image. */
function deletedLayers(image: LoadedImage, others: readonly LoadedImage[]): ImageDeleteItem[] {
  const kept = new Set(others.flatMap(({ config }) => chainIds(config.rootfs.diff_ids)))
  return chainIds(image.config.rootfs.diff_ids)
    .reverse()
    .filter((id) => !kept.has(id))
    .map((id) => ({ Deleted: id }))
}

async function removeNames(
  context: ImageContext,
  names: readonly LoadedImage[],
  others: readonly LoadedImage[],
  options: CallOptions,
): Promise<ImageDeleteItem[]> {
  const [image] = names as [LoadedImage]
  for (const [position, { name }] of names.entries()) {
    await deleteImage(context, name, position === names.length - 1, options)
  }
  context.contents.delete(image.target.digest)
  for (const { name } of names) {
    const tag = repoTag({ name })
    if (tag) context.onEvent({ action: 'untag', id: image.id, attributes: { name: tag } })
  }
  context.onEvent({ action: 'delete', id: image.id, attributes: { name: image.id } })
  return [...names.flatMap(untagged), { Deleted: image.id }, ...deletedLayers(image, others)]
}

async function untagOne(
  context: ImageContext,
  image: LoadedImage,
  keep: boolean,
  options: CallOptions,
): Promise<ImageDeleteItem[]> {
  if (keep) await keepDangling(context, image.name, image.target, options)
  await deleteImage(context, image.name, false, options)
  context.onEvent({ action: 'untag', id: image.id, attributes: { name: repoTag(image) ?? image.name } })
  return untagged(image)
}

function removeById(found: FoundImage, _reference: string, users: readonly ImageUser[], force: boolean): void {
  refuseUsed(short(found.image.id), users, force)
  if (repositories(found.names).size > 1 && !force) {
    conflict(short(found.image.id), false, 'image is referenced in multiple repositories')
  }
}

/**
 * Removes a name, and with the last one the image. A reference by id removes all names of it. `conflict` while a
 * container uses the image, in Docker's words; `force` overrides that for stopped containers, and several
 * repositories. `platforms` limits it to what the image has for them: the name stays while something else is left.
 */
export async function removeImage(
  context: ImageContext,
  reference: string,
  options: ImageRemoveOptions = {},
): Promise<ImageDeleteItem[]> {
  const force = options.force ?? false
  const all = await listImages(context, options)
  const found = requireImage(reference, all)
  if (options.platforms?.length) {
    const part = await selectPlatforms(context, found.image, options.platforms, reference, options)
    if (part.partial) {
      const ids: string[] = part.selected.map(({ id }) => id)
      const users = (await context.users()).filter(({ imageId }) => ids.includes(imageId))
      refuseUsed(repoTag(found.image) ?? reference, users, force)
      return removeContents(context, found.image.target, part.selected, options)
    }
  }
  const users = (await context.users()).filter(({ imageId }) => imageId === found.image.id)
  const others = all.filter(({ id }) => id !== found.image.id)
  if (found.byId) {
    removeById(found, reference, users, force)
    return removeNames(context, found.names, others, options)
  }
  const rest = found.names.filter(({ name }) => name !== found.image.name)
  if (rest.length > 0) return untagOne(context, found.image, false, options)
  // With --force the name of an image that is in use goes, and the image stays without one.
  if (users.length > 0 && force) return untagOne(context, found.image, true, options)
  refuseUsed(repoTag(found.image) ?? reference, users, force)
  return removeNames(context, found.names, others, options)
}

/**
 * Removes images that no container uses: those without a name, or with `dangling=false` all of them. One that comes
 * into use meanwhile stays.
 */
export async function pruneImages(
  context: ImageContext,
  filters: Filters = {},
  options: CallOptions = {},
): Promise<{ deleted: ImageDeleteItem[]; reclaimed: number }> {
  const { dangling: _, ...rest } = filters
  const onlyDangling = booleanFilter(filters, 'dangling') ?? true
  const all = await listImages(context, options)
  const used = new Set((await context.users()).map(({ imageId }) => imageId))
  const candidates = byId(filterImages(all, onlyDangling ? { ...rest, dangling: ['true'] } : rest))
  let remaining = all
  const deleted: ImageDeleteItem[] = []
  let reclaimed = 0
  for (const [image] of candidates) {
    if (!image || used.has(image.id)) continue
    const names = remaining.filter(({ id }) => id === image.id)
    remaining = remaining.filter(({ id }) => id !== image.id)
    deleted.push(...(await removeNames(context, names, remaining, options)))
    const kept = new Set(remaining.flatMap(({ manifest }) => manifest.layers.map(({ digest }) => digest)))
    const shared = image.manifest.layers.reduce((sum, layer) => sum + (kept.has(layer.digest) ? layer.size : 0), 0)
    reclaimed += contentSize(image) - shared
  }
  context.onEvent({ action: 'prune', id: '', attributes: { reclaimed: String(reclaimed) } })
  return { deleted, reclaimed }
}
