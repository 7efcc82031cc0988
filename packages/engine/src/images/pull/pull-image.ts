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
import { checkNewName } from '../names.ts'
import { ProgressChannel } from '../progress-channel.ts'
import { keepSnapshots, layersToUnpack } from '../unpack.ts'
import { fetchDocuments, type PullSource } from './fetch-image.ts'
import { fetchLayers, hasLayers } from './fetch-layers.ts'
import { closingLine } from './layer-progress.ts'

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

/** Whether a pull changed anything. */
interface Pulled {
  changed: boolean
}

/** Everything from the first manifest to the name, which is set last: what a name leads to is always complete. */
async function transfer(
  context: ImageContext,
  pull: PullSource,
  root: Descriptor,
  channel: ProgressChannel,
  signal: AbortSignal,
): Promise<Pulled> {
  const name = formatReference(pull.reference)
  return withLease(context, signal, async (lease) => {
    const step = { lease, signal }
    const { manifest, config, known } = await fetchDocuments(context, pull, root, step)
    const layers = layersToUnpack(manifest, config)
    // As docker, a pull tells no layer of an image that is here.
    if (!known || !(await hasLayers(context, layers, step))) await fetchLayers(context, pull, layers, channel, step)
    await keepSnapshots(context, { id: manifest.config.digest, chainId: layers.at(-1)?.chainId ?? '' }, step)
    const before = await setImage(context, name, root, step)
    const familiar = familiarReference(pull.reference)
    channel.push({ status: `Digest: ${root.digest}` })
    context.onEvent({ action: 'pull', id: familiar, attributes: { name: familiarName(pull.reference) } })
    return { changed: before !== root.digest }
  })
}

/** One pull: what is asked for, and of whom. */
interface RegistryPull extends PullSource {
  /** Whether the request names the platform. */
  platformNamed: boolean
  options: CallOptions
}

/** Pulls one tag or digest; its value says whether anything changed. */
async function* pullOne(context: ImageContext, pull: RegistryPull): AsyncGenerator<ProgressMessage, Pulled> {
  const { source, reference, options } = pull
  const root = await source.resolve(reference, { signal: options.signal })
  // A platform that the request names needs not be what the name stood for before.
  if (pull.platformNamed) context.contents.delete(root.digest)
  const channel = new ProgressChannel()
  yield { status: `Pulling from ${reference.repository}`, id: reference.tag ?? reference.digest ?? '' }
  let changed = false
  yield* channel.during(async (signal) => {
    changed = (await transfer(context, pull, root, channel, signal)).changed
  }, options.signal)
  return { changed }
}

/** Pulls every tag of a repository, one after the other. */
async function* pullAll(context: ImageContext, pull: RegistryPull): AsyncGenerator<ProgressMessage, Pulled> {
  let changed = false
  for await (const tag of pull.source.tags(pull.reference, { signal: pull.options.signal })) {
    const one = yield* pullOne(context, { ...pull, reference: { ...pull.reference, tag } })
    changed ||= one.changed
  }
  return { changed }
}

async function* fromRegistry(
  context: ImageContext,
  reference: Reference,
  platform: Platform | undefined,
  request: PullRequest,
  options: CallOptions,
): AsyncGenerator<ProgressMessage> {
  const source = context.openRegistry(request.auth)
  const named = platform !== undefined
  const pull = { source, reference, platform: platform ?? context.platform, platformNamed: named, options }
  try {
    const { changed } = yield* (isWhole(reference) ? pullOne : pullAll)(context, pull)
    yield closingLine(familiarReference(reference), changed)
  } finally {
    await source.close()
  }
}

/** Whether a reference says which image of its repository it means. */
const isWhole = ({ tag, digest }: Reference): boolean => tag !== undefined || digest !== undefined

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
    channel.push({ status: `Digest: ${bundled.root.digest}` })
    channel.push(closingLine(familiar, changed))
    context.onEvent({ action: 'pull', id: familiar, attributes: { name: familiarName(reference) } })
  }, options.signal)
}

/**
 * Pulls an image: its documents, then its layers side by side, and last its name; with `all` every tag of the
 * repository. Throws before the first line when the reference or the platform is malformed (`invalid-argument`) or the
 * registry does not have it (`not-found`). A failed or cancelled pull changes no name; what it downloaded is resumed by
 * the next one for a day.
 *
 * An image that came with the program is taken from there, whatever the reason of the pull; a registry is asked for it
 * by its digest only, for all tags, or for a platform that did not come along.
 */
export async function* pullImage(
  context: ImageContext,
  request: PullRequest,
  options: CallOptions = {},
): AsyncGenerator<ProgressMessage> {
  const parsed = parseReference(request.reference)
  checkNewName(parsed)
  const platform = request.platform ? parsePlatform(request.platform) : undefined
  const reference = request.all ? parsed : withDefaultTag(parsed)
  // A digest decides alone; the tag beside it is for people.
  const wanted = reference.digest && reference.tag ? withoutTag(reference) : reference
  const directory = request.all ? undefined : context.bundledLayouts[familiarReference(wanted).replace(/:latest$/, '')]
  const bundled = directory && (await findBundled(directory, platform ?? context.platform, options.signal))
  if (bundled) return yield* fromBundle(context, wanted, bundled, options)
  let begun = false
  try {
    for await (const line of fromRegistry(context, wanted, platform, request, options)) {
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
