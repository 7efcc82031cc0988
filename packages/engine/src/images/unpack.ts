// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { knownLabels } from '@teu/containerd-api'
import { isAlreadyExists, isNotFound, StackError, wrap } from '@teu/errors'
import { chainIds, type Descriptor, type ImageConfig, type Manifest } from '@teu/oci-spec/image'
import { addLabels, type Transfer } from './content.ts'
import { callOptions, type ImageContext } from './image-context.ts'
import { holdSnapshot } from './lease.ts'
import { fromDescriptor } from './loaded-image.ts'

/** How long removing a half-made snapshot may take after the work was cancelled. */
const cleanUpTimeoutMs = 30_000

/** One layer on its way into a snapshot. */
export interface LayerToUnpack {
  /** The compressed blob, which the content store has. */
  descriptor: Descriptor
  /** The digest of its uncompressed tar, as the image's config says. */
  diffId: string
  /** The name of the snapshot to make. */
  chainId: string
  /** The name of the snapshot below; empty for the lowest layer. */
  parent: string
}

/** The layers of an image with the names of their snapshots, lowest first. */
export function layersToUnpack(manifest: Manifest, config: ImageConfig): LayerToUnpack[] {
  const diffIds = config.rootfs.diff_ids
  if (diffIds.length !== manifest.layers.length) {
    throw new StackError(
      'invalid-argument',
      `image has ${manifest.layers.length} layers but ${diffIds.length} diff ids`,
    )
  }
  const chain = chainIds(diffIds)
  return manifest.layers.map((descriptor, index) => ({
    descriptor,
    diffId: diffIds[index] as string,
    chainId: chain[index] as string,
    parent: chain[index - 1] ?? '',
  }))
}

/** Whether a layer's snapshot is there, committed. */
export async function hasSnapshot(context: ImageContext, key: string, signal?: AbortSignal): Promise<boolean> {
  const request = { snapshotter: context.snapshotter, key }
  try {
    await context.containerd.snapshots.stat(request, callOptions(context, { signal }))
    return true
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}

async function apply(context: ImageContext, layer: LayerToUnpack, key: string, transfer: Transfer): Promise<void> {
  const { snapshots, diff } = context.containerd
  const { snapshotter } = context
  const call = callOptions(context, transfer)
  const labels = { [knownLabels.snapshotRef]: layer.chainId }
  const { mounts } = await snapshots.prepare({ snapshotter, key, parent: layer.parent, labels }, call)
  const request = { diff: fromDescriptor(layer.descriptor), mounts, payloads: {}, syncFs: false }
  const { applied } = await diff.apply(request, call)
  if (applied?.digest !== layer.diffId) {
    throw new StackError(
      'data-loss',
      `layer ${layer.descriptor.digest}: its content has the digest ${applied?.digest ?? 'of nothing'}, not ${layer.diffId}`,
    )
  }
  await snapshots.commit({ snapshotter, name: layer.chainId, key, labels, parent: '' }, call)
}

async function discard(context: ImageContext, key: string): Promise<void> {
  const call = callOptions(context, { signal: AbortSignal.timeout(cleanUpTimeoutMs) })
  await context.containerd.snapshots.remove({ snapshotter: context.snapshotter, key }, call).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
  })
}

/**
 * Makes the snapshot of one layer from its blob, on that of the layer below. One that exists is kept; a failure
 * leaves nothing behind. `failed to register layer: …` names what was wrong.
 */
export async function unpackLayer(context: ImageContext, layer: LayerToUnpack, transfer: Transfer): Promise<void> {
  await context.locks.run(
    `snapshot ${layer.chainId}`,
    async () => {
      await holdSnapshot(context, transfer.lease, layer.chainId, transfer.signal)
      if (await hasSnapshot(context, layer.chainId, transfer.signal)) return
      const key = `extract-${Date.now()}000000-${randomBytes(3).toString('base64url')} ${layer.chainId}`
      try {
        await apply(context, layer, key, transfer)
      } catch (error) {
        await discard(context, key)
        // A snapshotter that shares layers, or another client, may have made it meanwhile.
        if (isAlreadyExists(error) && (await hasSnapshot(context, layer.chainId, transfer.signal))) return
        throw wrap(error, 'failed to register layer')
      }
      await addLabels(context, layer.descriptor.digest, { [knownLabels.uncompressed]: layer.diffId }, transfer)
    },
    transfer.signal,
  )
}

/**
 * Tries to unpack a layer that is still downloaded. Says whether it did; when it did not, whatever the reason,
 * nothing is left of it, and {@link unpackLayer} says what is wrong once the blob is there and verified.
 */
export async function unpackGrowingLayer(
  context: ImageContext,
  layer: LayerToUnpack,
  transfer: Transfer,
): Promise<boolean> {
  try {
    await unpackLayer(context, layer, transfer)
    return true
  } catch {
    return false
  }
}

/** Ties the top snapshot to the image's config, so that it lives as long as the image. */
export async function keepSnapshots(
  context: ImageContext,
  content: { id: string; chainId: string },
  transfer: Transfer,
): Promise<void> {
  if (content.chainId === '') return
  const label = `${knownLabels.gcRefSnapshot}${context.snapshotter}`
  await addLabels(context, content.id, { [label]: content.chainId }, transfer)
}
