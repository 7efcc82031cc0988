// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { checkLayerCount, type Descriptor, formatPlatform, normalizePlatform } from '@teu/oci-spec/image'
import { type Image, platformOf } from './image.ts'
import type { Content, ImageIndex } from './image-index.ts'
import { checkBlob, checkLayer } from './layer/check-layer.ts'
import { blobFromBytes } from './layer/layer.ts'

/**
 * Reads all of an image and checks every promise it makes: length and digest of each part, the number of layers and of
 * history entries that made one, that each layer uncompressed has its diff id, is a tar, and holds no entry that leads
 * out of the root. Throws `data-loss` for bytes that are not what was promised, `invalid-argument` for parts that
 * contradict each other or that no one may unpack.
 *
 * @public
 */
export async function validateImage(image: Image): Promise<void> {
  checkLayerCount(image.config, image.manifest)
  checkHistory(image)
  await checkBytes(image.descriptor, image.manifestBytes)
  await checkBytes(image.manifest.config, image.configBytes)
  for (const layer of image.layers) await checkLayer(layer)
}

/**
 * The same for anything: an index with all that it lists, an artifact. What an index says that an image runs on is what
 * the image says.
 *
 * @public
 */
export async function validateContent(content: Content): Promise<void> {
  if (content.kind === 'image') return validateImage(content)
  if (content.kind === 'artifact') {
    await checkBytes(content.descriptor, content.manifestBytes)
    for (const blob of content.blobs) await checkBlob(blob)
    return
  }
  await checkBytes(content.descriptor, content.indexBytes)
  for (const [position, entry] of content.entries.entries()) {
    checkEntry(content, position, entry)
    await validateContent(entry)
  }
}

function checkBytes(descriptor: Descriptor, bytes: Uint8Array): Promise<void> {
  return checkBlob({ descriptor, open: blobFromBytes(bytes, descriptor.mediaType).open })
}

/** A history that is there is complete: docker refuses an image whose history made more layers than it has. */
function checkHistory({ config }: Image): void {
  const made = config.history?.filter((entry) => !entry.empty_layer).length
  if (made === undefined || made === 0 || made === config.rootfs.diff_ids.length) return
  throw new StackError(
    'invalid-argument',
    `history of the image made ${made} layers, and it has ${config.rootfs.diff_ids.length}`,
  )
}

function checkEntry({ descriptor, index }: ImageIndex, position: number, entry: Content): void {
  const { platform } = index.manifests[position] as Descriptor
  if (platform === undefined || entry.kind !== 'image') return
  const [said, own] = [platform, platformOf(entry.config)].map((one) => formatPlatform(normalizePlatform(one)))
  if (said === own) return
  throw new StackError(
    'invalid-argument',
    `index ${descriptor.digest}: says ${said} of ${entry.descriptor.digest}, which is for ${own}`,
  )
}
