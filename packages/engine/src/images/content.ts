// SPDX-License-Identifier: Apache-2.0
import { type BlobSource, knownLabels, writeBlob } from '@teu/containerd-api'
import { codeOf, type ErrorCode, isNotFound, StackError } from '@teu/errors'
import type { Reference } from '@teu/oci-spec/distribution'
import { type Descriptor, type Index, type Manifest, maximumManifestSize } from '@teu/oci-spec/image'
import { callOptions, type ImageContext } from './image-context.ts'
import { holdContent } from './lease.ts'

/** The part of a transfer that every step needs. */
export interface Transfer {
  lease: string
  signal: AbortSignal
}

/** Refuses a manifest, index or config that is too large to be held in memory, before anything of it is fetched. */
export function checkDocumentSize({ digest, size }: Descriptor): void {
  if (size > maximumManifestSize) {
    throw new StackError('resource-exhausted', `${digest} has ${size} bytes, more than ${maximumManifestSize}`)
  }
}

/** Whether the store has a blob of that size. A blob of another size under the digest is refused as `data-loss`. */
export async function hasContent(
  context: ImageContext,
  descriptor: Descriptor,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    const { info } = await context.containerd.content.info(
      { digest: descriptor.digest },
      callOptions(context, { signal }),
    )
    if (info && info.size !== BigInt(descriptor.size)) {
      throw new StackError('data-loss', `blob ${descriptor.digest} has ${info.size} bytes, not ${descriptor.size}`)
    }
    return info !== undefined
  } catch (error) {
    if (isNotFound(error)) return false
    throw error
  }
}

/** Adds labels to a blob, one at a time so that those of others stay. */
export async function addLabels(
  context: ImageContext,
  digest: string,
  labels: Readonly<Record<string, string>>,
  { lease, signal }: Transfer,
): Promise<void> {
  const keys = Object.keys(labels)
  if (keys.length === 0) return
  const info = { digest, size: 0n, createdAt: undefined, updatedAt: undefined, labels: { ...labels } }
  const updateMask = keys.map((key) => `labels.${key}`)
  await context.containerd.content.update({ info, updateMask }, callOptions(context, { lease, signal }))
}

/** Failures after which an ingest holds good bytes that a later attempt can build on. */
const resumable: readonly ErrorCode[] = ['cancelled', 'unavailable', 'deadline-exceeded', 'unknown']

async function write(
  context: ImageContext,
  descriptor: Descriptor,
  source: BlobSource,
  labels: Readonly<Record<string, string>>,
  { lease, signal }: Transfer,
): Promise<boolean> {
  const { content } = context.containerd
  const { digest, size } = descriptor
  const init = { ref: `teu-${digest}`, expected: digest, size: BigInt(size), labels }
  try {
    const { existed } = await writeBlob(content, init, source, callOptions(context, { lease, signal }))
    return existed
  } catch (error) {
    // Wrong bytes must not be what the next attempt starts from.
    if (!resumable.includes(codeOf(error))) await content.abort({ ref: init.ref }, callOptions(context)).catch(() => {})
    throw error
  }
}

/**
 * Makes sure that the store has a blob, and that the transfer's lease keeps it. One caller at a time brings a blob;
 * others wait for it. What a broken attempt left behind is built on, except when it was wrong.
 *
 * @returns whether it was there already; then `source` was not read
 */
export async function ensureContent(
  context: ImageContext,
  descriptor: Descriptor,
  source: BlobSource,
  labels: Readonly<Record<string, string>>,
  transfer: Transfer,
): Promise<boolean> {
  const { lease, signal } = transfer
  const { digest } = descriptor
  return context.locks.run(
    `blob ${digest}`,
    async () => {
      // First held, then looked at: the other way round the collector could come in between.
      await holdContent(context, lease, digest, signal)
      if (!(await hasContent(context, descriptor, signal))) {
        if (!(await write(context, descriptor, source, labels, transfer))) return false
      }
      await addLabels(context, digest, labels, transfer)
      return true
    },
    signal,
  )
}

/** Says where a blob came from, so that a push can have the registry mount it instead of sending it. */
export function sourceLabel(reference: Reference): Record<string, string> {
  return { [`${knownLabels.distributionSource}${reference.registry}`]: reference.repository }
}

/** What a manifest refers to, for the garbage collector. */
export function manifestLabels(manifest: Manifest): Record<string, string> {
  const labels: Record<string, string> = { [`${knownLabels.gcRefContent}.config`]: manifest.config.digest }
  manifest.layers.forEach((layer, index) => {
    labels[`${knownLabels.gcRefContent}.l.${index}`] = layer.digest
  })
  return labels
}

/** What an index refers to, for the garbage collector. */
export function indexLabels(index: Index): Record<string, string> {
  const labels: Record<string, string> = {}
  index.manifests.forEach((manifest, position) => {
    labels[`${knownLabels.gcRefContent}.m.${position}`] = manifest.digest
  })
  return labels
}

/** Bytes in memory as the source of a blob. */
export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
