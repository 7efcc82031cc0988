// SPDX-License-Identifier: Apache-2.0
import { knownLabels, readBlob } from '@teu/containerd-api'
import type { ProgressMessage } from '@teu/engine-api'
import { hasCode, isNotFound, messageOf, StackError, wrap } from '@teu/errors'
import { familiarName, familiarReference, parseReference, type Reference } from '@teu/oci-spec/distribution'
import { type Descriptor, isForeignLayerType, parseManifest } from '@teu/oci-spec/image'
import { callOptions, type ImageContext } from '../image-context.ts'
import { getImage, listImages } from '../image-records.ts'
import type { CallOptions, PushRequest } from '../image-service.ts'
import { Slots } from '../keyed-lock.ts'
import { isIndex, type LoadedImage, readDocument } from '../loaded-image.ts'
import { repoTag } from '../names.ts'
import { onPlatform } from '../platform-content.ts'
import { ProgressChannel } from '../progress-channel.ts'
import { shortId } from '../pull/layer-progress.ts'
import type { RegistrySource } from '../registry-source.ts'

/** How many blobs are uploaded at a time. */
const uploads = 5

interface Push {
  source: RegistrySource
  reference: Reference
  image: LoadedImage
  channel: ProgressChannel
  signal: AbortSignal
  /** Only this platform's manifest is pushed, even of an index that is here whole. */
  single: boolean
}

/** Repositories of the same registry that the blob came from, which it can be mounted from instead of being sent. */
async function mountableFrom(context: ImageContext, push: Push, descriptor: Descriptor): Promise<string[]> {
  const { info } = await context.containerd.content.info({ digest: descriptor.digest }, callOptions(context, push))
  const label = info?.labels[`${knownLabels.distributionSource}${push.reference.registry}`] ?? ''
  return label.split(',').filter((repository) => repository !== '' && repository !== push.reference.repository)
}

async function pushLayer(context: ImageContext, push: Push, descriptor: Descriptor): Promise<void> {
  const { channel, source, reference, signal } = push
  const id = shortId(descriptor)
  const state = (status: string) => channel.push({ status, progressDetail: {}, id })
  if (isForeignLayerType(descriptor.mediaType)) return state('Skipped foreign layer')
  const bytes = (offset: number) =>
    readBlob(context.containerd.content, descriptor.digest, callOptions(context, { signal }), {
      offset: BigInt(offset),
    })
  try {
    const outcome = await source.pushBlob(reference, descriptor, bytes, {
      signal,
      mountFrom: await mountableFrom(context, push, descriptor),
      onProgress: (sent) => channel.count('Pushing', id, sent, descriptor.size),
    })
    if (outcome === 'exists') state('Layer already exists')
    else state(outcome === 'pushed' ? 'Pushed' : `Mounted from ${outcome.mountedFrom}`)
  } catch (error) {
    throw wrap(error, `blob ${descriptor.digest}`)
  }
}

/** Uploads run side by side; the first failure ends the others. */
async function pushLayers(context: ImageContext, push: Push): Promise<void> {
  const { manifest } = push.image
  const abort = new AbortController()
  const inner = { ...push, signal: AbortSignal.any([push.signal, abort.signal]) }
  const slots = new Slots(uploads)
  for (const layer of manifest.layers) {
    push.channel.push({ status: 'Preparing', progressDetail: {}, id: shortId(layer) })
  }
  const distinct = [...new Map(manifest.layers.map((layer) => [layer.digest, layer])).values()]
  const running = distinct.map((layer, position) => {
    if (position >= uploads) push.channel.push({ status: 'Waiting', progressDetail: {}, id: shortId(layer) })
    return slots.run(async () => {
      inner.signal.throwIfAborted()
      await pushLayer(context, inner, layer)
    })
  })
  try {
    await Promise.all(running)
  } finally {
    abort.abort()
    await Promise.allSettled(running)
  }
}

/**
 * What is pushed under the name: the whole index when everything that it lists is here, else this platform's
 * manifest alone.
 */
async function rootOf(context: ImageContext, { image, signal, single }: Push): Promise<Descriptor> {
  if (!isIndex(image.target)) return image.target
  if (single) return image.manifestDescriptor
  const parsed = parseManifest(await readDocument(context, image.target.digest, { signal }), image.target.mediaType)
  const only = parsed.kind === 'index' && parsed.index.manifests.length === 1
  return only ? image.target : image.manifestDescriptor
}

async function pushOne(context: ImageContext, push: Push): Promise<void> {
  const { source, reference, image, channel, signal } = push
  await pushLayers(context, push)
  const { config } = image.manifest
  const bytes = (offset: number) =>
    readBlob(context.containerd.content, config.digest, callOptions(context, { signal }), { offset: BigInt(offset) })
  await source.pushBlob(reference, config, bytes, { signal })
  const { tag: _, ...untagged } = reference
  const root = await rootOf(context, push)
  if (root.digest !== image.manifestDescriptor.digest) {
    const body = await readDocument(context, image.manifestDescriptor.digest, { signal })
    await source.pushManifest(untagged, image.manifestDescriptor, body, { signal })
  }
  const body = await readDocument(context, root.digest, { signal })
  await source.pushManifest(reference, root, body, { signal })
  const { tag = '' } = reference
  channel.push({ status: `${tag}: digest: ${root.digest} size: ${body.length}` })
  channel.push({ progressDetail: {}, aux: { Tag: tag, Digest: root.digest, Size: body.length } })
  const familiar = familiarReference(reference)
  context.onEvent({ action: 'push', id: familiar, attributes: { name: familiarName(reference) } })
}

/** The local tags to push: the one asked for, or all of the name. */
async function imagesToPush(context: ImageContext, request: PushRequest, options: CallOptions): Promise<LoadedImage[]> {
  const reference = parseReference(request.name)
  if (reference.digest) throw new StackError('invalid-argument', 'cannot push a digest reference')
  const tag = request.tag || reference.tag
  const name = familiarName(reference)
  if (tag) {
    const image = await getImage(context, `${reference.registry}/${reference.repository}:${tag}`, options)
    if (!image) throw new StackError('not-found', `An image does not exist locally with the tag: ${name}`)
    return [image]
  }
  const all = await listImages(context, options)
  const tagged = all.filter((image) => repoTag(image) && familiarName(parseReference(image.name)) === name)
  if (tagged.length === 0) throw new StackError('not-found', `An image does not exist locally with the tag: ${name}`)
  return tagged
}

const shown = (image: LoadedImage): string => repoTag(image) ?? image.name

function inDockersWords(error: unknown, reference: Reference): unknown {
  if (hasCode(error, 'permission-denied')) {
    const text = `denied: requested access to the resource is denied: ${messageOf(error)}`
    return new StackError('permission-denied', text, { cause: error })
  }
  if (isNotFound(error)) return wrap(error, `push ${familiarName(reference)}`)
  return error
}

/**
 * Pushes one tag of a name, or all of them. Throws before the first line when there is nothing to push (`not-found`).
 * Layers that the registry has are not sent.
 */
export async function* pushImage(
  context: ImageContext,
  request: PushRequest,
  options: CallOptions = {},
): AsyncGenerator<ProgressMessage> {
  const { platform } = request
  const named = await imagesToPush(context, request, options)
  const images = platform
    ? await Promise.all(named.map((image) => onPlatform(context, image, platform, shown(image), options)))
    : named
  const source = context.openRegistry(request.auth)
  const { registry, repository } = parseReference(request.name)
  try {
    yield { status: `The push refers to repository [${registry}/${repository}]` }
    for (const image of images) {
      const reference = parseReference(image.name)
      const channel = new ProgressChannel()
      const work = (signal: AbortSignal) =>
        pushOne(context, { source, reference, image, channel, signal, single: platform !== undefined }).catch(
          (error: unknown) => {
            throw inDockersWords(error, reference)
          },
        )
      yield* channel.during(work, options.signal)
    }
  } finally {
    await source.close()
  }
}
