// SPDX-License-Identifier: Apache-2.0
import type { ProgressMessage } from '@teu/engine-api'
import { hasCode, isNotFound, messageOf, StackError } from '@teu/errors'
import {
  familiarName,
  familiarReference,
  formatReference,
  parseReference,
  type Reference,
  withDefaultTag,
} from '@teu/oci-spec/distribution'
import { type Descriptor, type Platform, parsePlatform } from '@teu/oci-spec/image'
import { type BundledImage, findBundled, loadBundled } from '../archive/bundled-image.ts'
import type { ImageContext } from '../image-context.ts'
import { setImage } from '../image-records.ts'
import type { CallOptions, PullRequest } from '../image-service.ts'
import { withLease } from '../lease.ts'
import { ProgressChannel } from '../progress-channel.ts'
import { keepSnapshots, layersToUnpack } from '../unpack.ts'
import { fetchDocuments, type PullSource } from './fetch-image.ts'
import { fetchLayers } from './fetch-layers.ts'
import { closingLines } from './layer-progress.ts'

/** A registry's refusal in the words that people search the web for. */
function inDockersWords(error: unknown, reference: Reference): StackError {
  const name = familiarName(reference)
  if (isNotFound(error)) {
    return new StackError('not-found', `manifest for ${familiarReference(reference)} not found: ${messageOf(error)}`, {
      cause: error,
    })
  }
  if (hasCode(error, 'permission-denied') || hasCode(error, 'unauthenticated')) {
    const text = `pull access denied for ${name}, repository does not exist or may require 'docker login'`
    return new StackError('not-found', `${text}: ${messageOf(error)}`, { cause: error })
  }
  return new StackError('unknown', `Error response from registry ${reference.registry}: ${messageOf(error)}`, {
    cause: error,
  })
}

/** Everything from the first manifest to the name, which is set last: what a name leads to is always complete. */
async function transfer(
  context: ImageContext,
  pull: PullSource,
  root: Descriptor,
  channel: ProgressChannel,
  signal: AbortSignal,
): Promise<void> {
  const name = formatReference(pull.reference)
  await withLease(context, signal, async (lease) => {
    const step = { lease, signal }
    const { manifest, config } = await fetchDocuments(context, pull, root, step)
    const layers = layersToUnpack(manifest, config)
    await fetchLayers(context, pull, layers, channel, step)
    await keepSnapshots(context, { id: manifest.config.digest, chainId: layers.at(-1)?.chainId ?? '' }, step)
    const before = await setImage(context, name, root, step)
    const familiar = familiarReference(pull.reference)
    for (const line of closingLines(familiar, root.digest, before !== root.digest)) channel.push(line)
    context.onEvent({ action: 'pull', id: familiar, attributes: { name: familiarName(pull.reference) } })
  })
}

async function* fromRegistry(
  context: ImageContext,
  reference: Reference,
  request: PullRequest,
  options: CallOptions,
): AsyncGenerator<ProgressMessage> {
  const platform = platformOf(context, request)
  const source = context.openRegistry(request.auth)
  try {
    const root = await source.resolve(reference, { signal: options.signal })
    // A platform that the request names needs not be what the name stood for before.
    if (request.platform) context.contents.delete(root.digest)
    const channel = new ProgressChannel()
    yield { status: `Pulling from ${reference.repository}`, id: reference.tag ?? reference.digest ?? '' }
    const pull = { source, reference, platform }
    yield* channel.during((signal) => transfer(context, pull, root, channel, signal), options.signal)
  } finally {
    await source.close()
  }
}

/** Loads an image that came with the program, and says that no registry was asked. */
async function* fromBundle(
  context: ImageContext,
  reference: Reference,
  bundled: BundledImage,
  options: CallOptions,
): AsyncGenerator<ProgressMessage> {
  const familiar = familiarReference(reference)
  const channel = new ProgressChannel()
  yield { status: `${familiar} comes with teu: no registry is asked` }
  yield* channel.during(async (signal) => {
    const changed = await loadBundled(context, bundled, formatReference(reference), signal)
    for (const line of closingLines(familiar, bundled.root.digest, changed)) channel.push(line)
    context.onEvent({ action: 'pull', id: familiar, attributes: { name: familiarName(reference) } })
  }, options.signal)
}

function platformOf(context: ImageContext, request: PullRequest): Platform {
  return request.platform ? parsePlatform(request.platform) : context.platform
}

/**
 * Pulls an image: its documents, then its layers side by side, and last its name. Throws before the first line when
 * the reference is malformed (`invalid-argument`) or the registry does not have it (`not-found`). A failed or
 * cancelled pull changes no name; what it downloaded is resumed by the next one for a day.
 *
 * An image that came with the program is taken from there, whatever the reason of the pull; a registry is asked for it
 * by its digest only, or for a platform that did not come along.
 */
export async function* pullImage(
  context: ImageContext,
  request: PullRequest,
  options: CallOptions = {},
): AsyncGenerator<ProgressMessage> {
  const reference = withDefaultTag(parseReference(request.reference))
  // A digest decides alone; the tag beside it is for people.
  const wanted = reference.digest && reference.tag ? withoutTag(reference) : reference
  const directory = context.bundledLayouts[familiarReference(wanted).replace(/:latest$/, '')]
  const bundled = directory && (await findBundled(directory, platformOf(context, request), options.signal))
  if (bundled) return yield* fromBundle(context, wanted, bundled, options)
  let begun = false
  try {
    for await (const line of fromRegistry(context, wanted, request, options)) {
      begun = true
      yield line
    }
  } catch (error) {
    if (begun || options.signal?.aborted) throw error
    throw inDockersWords(error, wanted)
  }
}

function withoutTag({ tag: _, ...rest }: Reference): Reference {
  return rest
}
