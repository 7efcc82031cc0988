// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import path from 'node:path'
import { StackError } from '@teu/errors'
import {
  annotationKeys,
  checkLayerCount,
  type Descriptor,
  digestAlgorithm,
  digestOf,
  type Index,
  imageIndexFile,
  imageLayoutFile,
  isConfigType,
  isIndexType,
  isManifestType,
  layoutBlobPath,
  maximumManifestSize,
  parseImageConfig,
  parseManifest,
  validateIndex,
} from '@teu/oci-spec/image'
import { type Image, imageOf } from '../image/image.ts'

/**
 * A layout's `index.json`. Fails with `not-found` when the directory is no layout, with `invalid-argument` when it is a
 * broken one.
 *
 * @public
 */
export async function readIndex(directory: string): Promise<Index> {
  const marker = parseJson(await readSmall(path.join(directory, imageLayoutFile)), imageLayoutFile)
  const version =
    typeof marker === 'object' && marker !== null && 'imageLayoutVersion' in marker ? marker.imageLayoutVersion : ''
  if (typeof version !== 'string' || !version.startsWith('1.')) {
    throw new StackError('invalid-argument', `${directory}: image layout of an unknown version`)
  }
  return validateIndex(parseJson(await readSmall(path.join(directory, imageIndexFile)), imageIndexFile))
}

/** A blob of a layout that is held in memory: manifests, indexes, configurations. Checked against its descriptor. @public */
export async function readBlob(directory: string, descriptor: Descriptor): Promise<Uint8Array> {
  const bytes = await readSmall(path.join(directory, layoutBlobPath(descriptor.digest)))
  const actual = digestOf(bytes, digestAlgorithm(descriptor.digest))
  if (actual !== descriptor.digest || bytes.byteLength !== descriptor.size) {
    throw new StackError(
      'data-loss',
      `${directory}: blob ${descriptor.digest} holds ${bytes.byteLength} bytes with digest ${actual}`,
    )
  }
  return bytes
}

/** A blob's bytes as a stream, unchecked, from `offset` on. @public */
export function openBlob(
  directory: string,
  descriptor: Pick<Descriptor, 'digest'>,
  offset = 0,
): AsyncIterable<Uint8Array> {
  return createReadStream(path.join(directory, layoutBlobPath(descriptor.digest)), {
    start: offset,
    highWaterMark: 256 * 1024,
  })
}

/**
 * The images of a layout, those inside its indexes too; with `name` only those of that entry. Manifests and
 * configurations are checked, layers when `validateImage` or whoever unpacks them reads them.
 *
 * @public
 */
export async function imagesFromLayout(directory: string, name?: string): Promise<Image[]> {
  const { manifests } = await readIndex(directory)
  const entries =
    name === undefined ? manifests : manifests.filter((entry) => entry.annotations?.[annotationKeys.refName] === name)
  if (name !== undefined && entries.length === 0)
    throw new StackError('not-found', `${directory}: no image named ${name}`)
  const images: Image[] = []
  for (const entry of entries) await collect(directory, entry, images, 0)
  return images
}

async function collect(directory: string, descriptor: Descriptor, images: Image[], depth: number): Promise<void> {
  if (!isIndexType(descriptor.mediaType) && !isManifestType(descriptor.mediaType)) return
  if (depth > 16) throw new StackError('resource-exhausted', `${directory}: indexes nested more than 16 deep`)
  const body = await readBlob(directory, descriptor)
  const parsed = parseManifest(body, descriptor.mediaType)
  if (parsed.kind === 'index') {
    for (const entry of parsed.index.manifests) await collect(directory, entry, images, depth + 1)
    return
  }
  // Artifacts and attestations lie among the images; they are kept and not run.
  if (!isConfigType(parsed.manifest.config.mediaType) || descriptor.platform?.os === 'unknown') return
  const configBytes = await readBlob(directory, parsed.manifest.config)
  const config = parseImageConfig(configBytes)
  checkLayerCount(config, parsed.manifest)
  const layers = parsed.manifest.layers.map((layer, position) => ({
    descriptor: layer,
    diffId: config.rootfs.diff_ids[position] as Image['layers'][number]['diffId'],
    open: () => openBlob(directory, layer),
  }))
  images.push(imageOf(body, parsed.mediaType, parsed.manifest, configBytes, config, layers))
}

async function readSmall(file: string): Promise<Uint8Array> {
  await using handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new StackError(error.code === 'ENOENT' ? 'not-found' : 'unknown', `read ${file}: ${error.message}`, {
      cause: error,
    })
  })
  const { size } = await handle.stat()
  if (size > maximumManifestSize)
    throw new StackError('resource-exhausted', `${file}: ${size} bytes exceed ${maximumManifestSize}`)
  return await handle.readFile()
}

function parseJson(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (error) {
    throw new StackError('invalid-argument', `${name} is not JSON`, { cause: error })
  }
}
