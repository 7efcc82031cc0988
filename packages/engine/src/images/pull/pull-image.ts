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
import { type Descriptor, parsePlatform } from '@teu/oci-spec/image'
import { loadLayout } from '../archive/load-layout.ts'
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

/** How long a registry may take to say that it has an image of which there is a copy here, milliseconds. */
const patienceMs = 5000

async function* fromRegistry(
  context: ImageContext,
  reference: Reference,
  request: PullRequest,
  options: CallOptions,
  patience: AbortSignal | undefined,
): AsyncGenerator<ProgressMessage> {
  const platform = request.platform ? parsePlatform(request.platform) : context.platform
  const source = context.openRegistry(request.auth)
  try {
    const signals = [options.signal, patience].filter((signal) => signal !== undefined)
    const root = await source.resolve(reference, { signal: AbortSignal.any(signals) })
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

/** Loads an image that came with the program, and says so. */
async function* fromBundle(
  context: ImageContext,
  reference: Reference,
  directory: string,
  cause: unknown,
  options: CallOptions,
): AsyncGenerator<ProgressMessage> {
  const familiar = familiarReference(reference)
  const channel = new ProgressChannel()
  yield { status: `No registry has ${familiar} (${messageOf(cause)}): taking the copy that came with teu` }
  yield* channel.during(async (signal) => {
    const { digest, changed } = await loadLayout(context, directory, formatReference(reference), signal)
    for (const line of closingLines(familiar, digest, changed)) channel.push(line)
    context.onEvent({ action: 'pull', id: familiar, attributes: { name: familiarName(reference) } })
  }, options.signal)
}

/**
 * Pulls an image: its documents, then its layers side by side, and last its name. Throws before the first line when
 * the reference is malformed (`invalid-argument`) or the registry does not have it (`not-found`). A failed or
 * cancelled pull changes no name; what it downloaded is resumed by the next one for a day.
 */
export async function* pullImage(
  context: ImageContext,
  request: PullRequest,
  options: CallOptions = {},
): AsyncGenerator<ProgressMessage> {
  const reference = withDefaultTag(parseReference(request.reference))
  // A digest decides alone; the tag beside it is for people.
  const wanted = reference.digest && reference.tag ? withoutTag(reference) : reference
  const bundled = context.bundledLayouts[familiarReference(wanted).replace(/:latest$/, '')]
  const patience = bundled === undefined ? undefined : AbortSignal.timeout(patienceMs)
  let begun = false
  try {
    for await (const line of fromRegistry(context, wanted, request, options, patience)) {
      begun = true
      yield line
    }
  } catch (error) {
    if (begun || options.signal?.aborted) throw error
    if (bundled === undefined) throw inDockersWords(error, wanted)
    yield* fromBundle(context, wanted, bundled, error, options)
  }
}

function withoutTag({ tag: _, ...rest }: Reference): Reference {
  return rest
}
