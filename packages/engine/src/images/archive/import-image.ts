// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { type Descriptor, isSamePlatform, type Platform, parseImageConfig, parseManifest } from '@teu/oci-spec/image'
import { addLabels, checkDocumentSize, ensureContent, indexLabels, manifestLabels, type Transfer } from '../content.ts'
import type { ImageContext } from '../image-context.ts'
import { imageEntries, type LoadedContent, readDocument } from '../loaded-image.ts'
import { isFor, notOnPlatform } from '../platform-content.ts'
import { keepSnapshots, layersToUnpack, unpackLayer } from '../unpack.ts'

/** Reads a blob from where the image comes from; nothing is opened before the first byte is asked for. */
export type OpenBlob = (descriptor: Descriptor) => AsyncGenerator<Uint8Array>

const maximumDepth = 4

async function importManifest(
  context: ImageContext,
  descriptor: Descriptor,
  open: OpenBlob,
  transfer: Transfer,
  platform: Platform | undefined,
  depth = 0,
): Promise<{ descriptor: Descriptor; manifest: LoadedContent['manifest'] }> {
  if (depth > maximumDepth)
    throw new StackError('invalid-argument', `image index ${descriptor.digest} nests too deeply`)
  checkDocumentSize(descriptor)
  await ensureContent(context, descriptor, open(descriptor), {}, transfer)
  const parsed = parseManifest(await readDocument(context, descriptor.digest, transfer), descriptor.mediaType)
  if (parsed.kind === 'manifest') {
    await addLabels(context, descriptor.digest, manifestLabels(parsed.manifest), transfer)
    return { descriptor, manifest: parsed.manifest }
  }
  await addLabels(context, descriptor.digest, indexLabels(parsed.index), transfer)
  const { manifests } = parsed.index
  const [chosen] = platform
    ? manifests.filter((entry) => mayBeFor(entry, platform))
    : imageEntries(manifests, context.platform)
  if (!chosen && platform) throw notOnPlatform(descriptor.digest, platform)
  if (!chosen) throw new StackError('not-found', `image index ${descriptor.digest} names no image`)
  return importManifest(context, chosen, open, transfer, platform, depth + 1)
}

/** Whether an entry of an index is for a platform, as far as it says; the config has the last word. */
function mayBeFor(entry: Descriptor, platform: Platform): boolean {
  return entry.platform === undefined || isSamePlatform(entry.platform, platform)
}

/**
 * Brings an image into the content store, from wherever `open` reads, and unpacks it for this platform, or exactly for
 * `platform`: `not-found` when it has nothing for that. No name is given to it.
 */
export async function importImage(
  context: ImageContext,
  root: Descriptor,
  open: OpenBlob,
  transfer: Transfer,
  platform?: Platform,
): Promise<LoadedContent> {
  const { descriptor, manifest } = await importManifest(context, root, open, transfer, platform)
  checkDocumentSize(manifest.config)
  await ensureContent(context, manifest.config, open(manifest.config), {}, transfer)
  const config = parseImageConfig(await readDocument(context, manifest.config.digest, transfer))
  if (platform && !isFor({ config }, platform)) throw notOnPlatform(root.digest, platform)
  const layers = layersToUnpack(manifest, config)
  for (const layer of layers) {
    await ensureContent(context, layer.descriptor, open(layer.descriptor), {}, transfer)
    await unpackLayer(context, layer, transfer)
  }
  const id = manifest.config.digest
  const chainId = layers.at(-1)?.chainId ?? ''
  await keepSnapshots(context, { id, chainId }, transfer)
  return { manifestDescriptor: descriptor, manifest, config, id, chainId }
}
