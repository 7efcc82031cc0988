// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { type Descriptor, parseImageConfig, parseManifest } from '@teu/oci-spec/image'
import { addLabels, checkDocumentSize, ensureContent, indexLabels, manifestLabels, type Transfer } from '../content.ts'
import type { ImageContext } from '../image-context.ts'
import { imageEntries, type LoadedContent, readDocument } from '../loaded-image.ts'
import { keepSnapshots, layersToUnpack, unpackLayer } from '../unpack.ts'

/** Reads a blob from where the image comes from; nothing is opened before the first byte is asked for. */
export type OpenBlob = (descriptor: Descriptor) => AsyncGenerator<Uint8Array>

const maximumDepth = 4

async function importManifest(
  context: ImageContext,
  descriptor: Descriptor,
  open: OpenBlob,
  transfer: Transfer,
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
  const [chosen] = imageEntries(parsed.index.manifests, context.platform)
  if (!chosen) throw new StackError('not-found', `image index ${descriptor.digest} names no image`)
  return importManifest(context, chosen, open, transfer, depth + 1)
}

/**
 * Brings an image into the content store, from wherever `open` reads, and unpacks it for this platform. No name is
 * given to it.
 */
export async function importImage(
  context: ImageContext,
  root: Descriptor,
  open: OpenBlob,
  transfer: Transfer,
): Promise<LoadedContent> {
  const { descriptor, manifest } = await importManifest(context, root, open, transfer)
  checkDocumentSize(manifest.config)
  await ensureContent(context, manifest.config, open(manifest.config), {}, transfer)
  const config = parseImageConfig(await readDocument(context, manifest.config.digest, transfer))
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
