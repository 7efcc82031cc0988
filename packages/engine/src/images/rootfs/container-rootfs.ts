// SPDX-License-Identifier: Apache-2.0
import { isAlreadyExists, isNotFound } from '@teu/errors'
import { callOptions, type ImageContext } from '../image-context.ts'
import { listImages } from '../image-records.ts'
import type { CallOptions, ContainerRootfs, ResolvedImage, RootfsSizes } from '../image-service.ts'
import { withLease } from '../lease.ts'
import { loadContent } from '../loaded-image.ts'
import { requireImage } from '../names.ts'
import { hasSnapshot, keepSnapshots, layersToUnpack, unpackLayer } from '../unpack.ts'

/** Unpacks an image whose snapshots are missing: loaded for another snapshotter, or pulled by another client. */
async function ensureUnpacked(context: ImageContext, image: ResolvedImage, options: CallOptions): Promise<void> {
  if (image.chainId === '' || (await hasSnapshot(context, image.chainId, options.signal))) return
  const { image: found } = requireImage(image.id, await listImages(context, options))
  const content = await loadContent(context, found.target, options)
  const signal = options.signal ?? new AbortController().signal
  await withLease(context, signal, async (lease) => {
    const transfer = { lease, signal }
    for (const layer of layersToUnpack(content.manifest, content.config)) await unpackLayer(context, layer, transfer)
    await keepSnapshots(context, content, transfer)
  })
}

/** Makes the writable snapshot of a container on its image's top layer. One that exists is returned as it is. */
export async function prepareRootfs(
  context: ImageContext,
  containerId: string,
  image: ResolvedImage,
  options: CallOptions = {},
): Promise<ContainerRootfs> {
  const { snapshotter } = context
  await ensureUnpacked(context, image, options)
  // The snapshot of a container that is not created yet has nothing that refers to it but this label.
  const labels = { 'containerd.io/gc.root': new Date().toISOString() }
  const request = { snapshotter, key: containerId, parent: image.chainId, labels }
  try {
    const { mounts } = await context.containerd.snapshots.prepare(request, callOptions(context, options))
    return { snapshotter, key: containerId, mounts }
  } catch (error) {
    if (isAlreadyExists(error)) return containerRootfs(context, containerId, options)
    throw error
  }
}

/** The mounts of a container's snapshot. */
export async function containerRootfs(
  context: ImageContext,
  containerId: string,
  options: CallOptions = {},
): Promise<ContainerRootfs> {
  const { snapshotter } = context
  const request = { snapshotter, key: containerId }
  const { mounts } = await context.containerd.snapshots.mounts(request, callOptions(context, options))
  return { snapshotter, key: containerId, mounts }
}

/** The bytes of a container's writable layer. */
export async function rootfsSize(
  context: ImageContext,
  containerId: string,
  options: CallOptions = {},
): Promise<number> {
  const request = { snapshotter: context.snapshotter, key: containerId }
  const { size } = await context.containerd.snapshots.usage(request, callOptions(context, options))
  return Number(size)
}

/** The bytes of a container's writable layer, and of it with all layers of the image below it. */
export async function rootfsSizes(
  context: ImageContext,
  containerId: string,
  options: CallOptions = {},
): Promise<RootfsSizes> {
  const { snapshotter } = context
  const { snapshots } = context.containerd
  const writable = await rootfsSize(context, containerId, options)
  let total = writable
  let { info } = await snapshots.stat({ snapshotter, key: containerId }, callOptions(context, options))
  for (let key = info?.parent; key; key = info?.parent) {
    const { size } = await snapshots.usage({ snapshotter, key }, callOptions(context, options))
    total += Number(size)
    info = (await snapshots.stat({ snapshotter, key }, callOptions(context, options))).info
  }
  return { writable, total }
}

/** Removes a container's snapshot; one that is gone already is no error. */
export async function removeRootfs(
  context: ImageContext,
  containerId: string,
  options: CallOptions = {},
): Promise<void> {
  const request = { snapshotter: context.snapshotter, key: containerId }
  await context.containerd.snapshots.remove(request, callOptions(context, options)).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
  })
}
