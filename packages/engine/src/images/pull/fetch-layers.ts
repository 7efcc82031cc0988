// SPDX-License-Identifier: Apache-2.0
import { StackError, wrap } from '@teu/errors'
import { ensureContent, hasContent, sourceLabel, type Transfer } from '../content.ts'
import type { ImageContext } from '../image-context.ts'
import { holdContent, holdSnapshot } from '../lease.ts'
import type { ProgressChannel } from '../progress-channel.ts'
import { hasSnapshot, type LayerToUnpack, unpackGrowingLayer, unpackLayer } from '../unpack.ts'
import { isForeign, type PullSource } from './fetch-image.ts'
import { LayerProgress } from './layer-progress.ts'

/** A layer on its way: its download runs beside others, its unpacking waits for the layer below. */
interface LayerJob {
  layer: LayerToUnpack
  progress: LayerProgress
  /** Settles when its first bytes are asked for, or there is nothing to download; true when there is. */
  begun: Promise<boolean>
  /** Settles when the blob is in the store; true when it and its snapshot were there from the start. */
  downloaded: Promise<boolean>
}

async function isComplete(context: ImageContext, layer: LayerToUnpack, { lease, signal }: Transfer): Promise<boolean> {
  await holdContent(context, lease, layer.descriptor.digest, signal)
  await holdSnapshot(context, lease, layer.chainId, signal)
  return (await hasContent(context, layer.descriptor, signal)) && hasSnapshot(context, layer.chainId, signal)
}

async function download(
  context: ImageContext,
  { source, reference }: PullSource,
  layer: LayerToUnpack,
  progress: LayerProgress,
  onBegin: () => void,
  transfer: Transfer,
): Promise<void> {
  const { descriptor } = layer
  if (isForeign(descriptor)) {
    throw new StackError(
      'failed-precondition',
      `layer ${descriptor.digest} lies outside of the registry: ${descriptor.mediaType}`,
    )
  }
  const { signal } = transfer
  const bytes = (offset: bigint) => {
    onBegin()
    return progress.count(source.blob(reference, descriptor, { signal, offset: Number(offset) }), Number(offset))
  }
  if (context.downloads.full) progress.state('Waiting')
  try {
    await context.downloads.run(async () => {
      signal.throwIfAborted()
      await ensureContent(context, descriptor, bytes, sourceLabel(reference), transfer)
    })
  } catch (error) {
    throw wrap(error, `blob ${descriptor.digest}`)
  }
  progress.state('Download complete')
}

async function start(
  context: ImageContext,
  pull: PullSource,
  { layer, progress }: Pick<LayerJob, 'layer' | 'progress'>,
  onBegin: () => void,
  transfer: Transfer,
): Promise<boolean> {
  if (await isComplete(context, layer, transfer)) {
    progress.state('Already exists')
    return true
  }
  progress.state('Pulling fs layer')
  await download(context, pull, layer, progress, onBegin, transfer)
  return false
}

function beginJob(
  context: ImageContext,
  pull: PullSource,
  job: Pick<LayerJob, 'layer' | 'progress'>,
  transfer: Transfer,
): LayerJob {
  const { promise: begun, resolve } = Promise.withResolvers<boolean>()
  const downloaded = start(context, pull, job, () => resolve(true), transfer)
  downloaded.catch(() => {}).finally(() => resolve(false))
  return { ...job, begun, downloaded }
}

/** Unpacks in order, each layer as soon as its turn and its first byte have come: downloads go on meanwhile. */
async function unpackInOrder(context: ImageContext, jobs: readonly LayerJob[], transfer: Transfer): Promise<void> {
  for (const { layer, progress, begun, downloaded } of jobs) {
    const early = context.growingLayers && (await begun) && unpackGrowingLayer(context, layer, transfer)
    try {
      if (await downloaded) continue
      progress.state('Extracting')
      if (!(await early)) await unpackLayer(context, layer, transfer)
      progress.state('Pull complete')
    } finally {
      await early
    }
  }
}

/** Whether all layers of an image are here, unpacked; the lease keeps them from then on. */
export async function hasLayers(
  context: ImageContext,
  layers: readonly LayerToUnpack[],
  transfer: Transfer,
): Promise<boolean> {
  for (const layer of layers) if (!(await isComplete(context, layer, transfer))) return false
  return true
}

/**
 * Brings the layers of an image into the content store and unpacks them. Downloads run side by side, three at a
 * time; the first failure ends all.
 */
export async function fetchLayers(
  context: ImageContext,
  pull: PullSource,
  layers: readonly LayerToUnpack[],
  channel: ProgressChannel,
  transfer: Transfer,
): Promise<void> {
  const abort = new AbortController()
  const inner: Transfer = { lease: transfer.lease, signal: AbortSignal.any([transfer.signal, abort.signal]) }
  const jobs = layers.map((layer) =>
    beginJob(context, pull, { layer, progress: new LayerProgress(channel, layer.descriptor) }, inner),
  )
  const all = [...jobs.map(({ downloaded }) => downloaded), unpackInOrder(context, jobs, inner)]
  try {
    await Promise.all(all)
  } finally {
    abort.abort()
    await Promise.allSettled(all)
  }
}
