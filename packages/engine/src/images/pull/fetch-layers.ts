// SPDX-License-Identifier: Apache-2.0
import { StackError, wrap } from '@teu/errors'
import { ensureContent, hasContent, sourceLabel, type Transfer } from '../content.ts'
import type { ImageContext } from '../image-context.ts'
import { holdContent, holdSnapshot } from '../lease.ts'
import type { ProgressChannel } from '../progress-channel.ts'
import { hasSnapshot, type LayerToUnpack, unpackLayer } from '../unpack.ts'
import { isForeign, type PullSource } from './fetch-image.ts'
import { LayerProgress } from './layer-progress.ts'

/** A layer on its way: its download runs beside others, its unpacking waits for the layer below. */
interface LayerJob {
  layer: LayerToUnpack
  progress: LayerProgress
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
  const bytes = (offset: bigint) =>
    progress.count(source.blob(reference, descriptor, { signal, offset: Number(offset) }), Number(offset))
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

async function start(context: ImageContext, pull: PullSource, job: Omit<LayerJob, 'downloaded'>, transfer: Transfer) {
  if (await isComplete(context, job.layer, transfer)) {
    job.progress.state('Already exists')
    return true
  }
  job.progress.state('Pulling fs layer')
  await download(context, pull, job.layer, job.progress, transfer)
  return false
}

/** Unpacks in order, each layer as soon as it is there: the downloads of those above go on meanwhile. */
async function unpackInOrder(context: ImageContext, jobs: readonly LayerJob[], transfer: Transfer): Promise<void> {
  for (const { layer, progress, downloaded } of jobs) {
    if (await downloaded) continue
    progress.state('Extracting')
    await unpackLayer(context, layer, transfer)
    progress.state('Pull complete')
  }
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
  const jobs: LayerJob[] = layers.map((layer) => {
    const job = { layer, progress: new LayerProgress(channel, layer.descriptor) }
    return { ...job, downloaded: start(context, pull, job, inner) }
  })
  const downloads = Promise.all(jobs.map(({ downloaded }) => downloaded))
  try {
    await Promise.all([downloads, unpackInOrder(context, jobs, inner)])
  } finally {
    abort.abort()
    await Promise.allSettled(jobs.map(({ downloaded }) => downloaded))
  }
}
