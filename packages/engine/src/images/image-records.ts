// SPDX-License-Identifier: Apache-2.0
import { dateOf, type Image } from '@teu/containerd-api'
import { isAlreadyExists, isNotFound } from '@teu/errors'
import type { Descriptor } from '@teu/oci-spec/image'
import { callOptions, type ImageContext } from './image-context.ts'
import { fromDescriptor, type LoadedImage, loadContent, toDescriptor } from './loaded-image.ts'

/** Names of images that lost their last tag; what follows is the target's digest. dockerd uses the same. */
export const danglingPrefix = 'moby-dangling@'

type Options = { signal?: AbortSignal | undefined; lease?: string | undefined }

async function load(context: ImageContext, image: Image, options: Options): Promise<LoadedImage | undefined> {
  if (!image.target) return undefined
  const target = toDescriptor(image.target)
  try {
    const content = await loadContent(context, target, options)
    return {
      ...content,
      name: image.name,
      target,
      labels: image.labels,
      createdAt: dateOf(image.createdAt) ?? new Date(0),
      updatedAt: dateOf(image.updatedAt) ?? new Date(0),
    }
  } catch (error) {
    // A name whose content is for other platforms, or still on its way, is no image that anything could run.
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** Every name that leads to an image of this platform. */
export async function listImages(context: ImageContext, options: Options = {}): Promise<LoadedImage[]> {
  const { images } = await context.containerd.images.list({ filters: [] }, callOptions(context, options))
  const loaded = await Promise.all(images.map((image) => load(context, image, options)))
  return loaded.filter((image) => image !== undefined)
}

/** One name, or undefined when there is no such one, or none that this platform can use. */
export async function getImage(
  context: ImageContext,
  name: string,
  options: Options = {},
): Promise<LoadedImage | undefined> {
  try {
    const { image } = await context.containerd.images.get({ name }, callOptions(context, options))
    return image && (await load(context, image, options))
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/**
 * Points a name at an image. An image that has lost its last name by it stays, as a dangling one.
 *
 * @returns the target that the name had before
 */
export async function setImage(
  context: ImageContext,
  name: string,
  target: Descriptor,
  options: Options = {},
): Promise<string | undefined> {
  const { images } = context.containerd
  const call = callOptions(context, options)
  const image = { name, labels: {}, target: fromDescriptor(target), createdAt: undefined, updatedAt: undefined }
  try {
    await images.create({ image, sourceDateEpoch: undefined }, call)
    return undefined
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
  }
  const before = (await images.get({ name }, call)).image?.target
  if (before && before.digest !== target.digest) await keepDangling(context, name, toDescriptor(before), options)
  await images.update({ image, updateMask: ['target'], sourceDateEpoch: undefined }, call)
  return before?.digest
}

/** Gives an image a dangling name unless another name than `leaving` still leads to it. */
export async function keepDangling(
  context: ImageContext,
  leaving: string,
  target: Descriptor,
  options: Options = {},
): Promise<void> {
  const call = callOptions(context, options)
  const { images } = await context.containerd.images.list({ filters: [] }, call)
  if (images.some((image) => image.name !== leaving && image.target?.digest === target.digest)) return
  const name = `${danglingPrefix}${target.digest}`
  const image = { name, labels: {}, target: fromDescriptor(target), createdAt: undefined, updatedAt: undefined }
  await context.containerd.images.create({ image, sourceDateEpoch: undefined }, call).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error
  })
}

/** Removes a name; one that is gone already is no error. With `sync` the space is free when it returns. */
export async function deleteImage(
  context: ImageContext,
  name: string,
  sync: boolean,
  options: Options = {},
): Promise<void> {
  await context.containerd.images
    .delete({ name, sync, target: undefined }, callOptions(context, options))
    .catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
}
