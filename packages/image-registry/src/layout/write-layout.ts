// SPDX-License-Identifier: Apache-2.0
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { hasCode, StackError } from '@teu/errors'
import {
  annotationKeys,
  type Descriptor,
  digestOf,
  type Index,
  imageIndexFile,
  imageLayoutFile,
  imageLayoutVersion,
  layoutBlobPath,
  mediaTypes,
} from '@teu/oci-spec/image'
import { contentsOf, type Image, openContent } from '../image/image.ts'
import { readIndex } from './read-layout.ts'

/** Options of adding to a layout. @public */
export interface WriteLayoutOptions {
  /** What the images are called there: the annotation that tools call a reference or a tag. */
  name?: string
  /** More annotations of the entry. */
  annotations?: Readonly<Record<string, string>>
}

/**
 * Adds an image, or one image for several platforms, to a layout, which is made when it is missing. An entry of the
 * same name is replaced. Several images become one index. Answers the descriptor of the entry.
 *
 * Blobs are put in place whole and durable before the index names them.
 *
 * @public
 */
export async function writeLayout(
  directory: string,
  images: readonly Image[],
  { name, annotations = {} }: WriteLayoutOptions = {},
): Promise<Descriptor> {
  const [first] = images
  if (first === undefined) throw new StackError('invalid-argument', 'no image to write')
  for (const image of images) {
    for (const { digest } of contentsOf(image)) await writeBlob(directory, { digest }, () => openContent(image, digest))
  }
  const target = images.length === 1 ? first.descriptor : await writeIndexBlob(directory, images)
  const extra = { ...annotations, ...(name === undefined ? {} : { [annotationKeys.refName]: name }) }
  const entry: Descriptor = { ...target, ...(Object.keys(extra).length === 0 ? {} : { annotations: extra }) }
  await addEntry(directory, entry, name)
  return entry
}

async function writeIndexBlob(directory: string, images: readonly Image[]): Promise<Descriptor> {
  const index: Index = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: images.map(({ descriptor }) => descriptor),
  }
  const bytes = Buffer.from(JSON.stringify(index))
  const digest = digestOf(bytes)
  await writeBlob(directory, { digest }, async function* () {
    yield bytes
  })
  return { mediaType: mediaTypes.ociIndex, digest, size: bytes.byteLength }
}

async function writeBlob(
  directory: string,
  { digest }: Pick<Descriptor, 'digest'>,
  content: () => AsyncIterable<Uint8Array>,
): Promise<void> {
  const target = path.join(directory, layoutBlobPath(digest))
  const exists = await stat(target).then(
    () => true,
    () => false,
  )
  if (!exists) await writeFileDurably(target, content())
}

async function addEntry(directory: string, entry: Descriptor, name: string | undefined): Promise<void> {
  const marker = path.join(directory, imageLayoutFile)
  const isNew = await readFile(marker).then(
    () => false,
    () => true,
  )
  if (isNew) await writeFileDurably(marker, [Buffer.from(JSON.stringify({ imageLayoutVersion }))])
  const before = await readIndex(directory).catch((error) => {
    if (hasCode(error, 'not-found')) return undefined
    throw error
  })
  const others = (before?.manifests ?? []).filter(({ digest, annotations }) => {
    const named = annotations?.[annotationKeys.refName]
    return name === undefined ? digest !== entry.digest || named !== undefined : named !== name
  })
  const index: Index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, ...before, manifests: [...others, entry] }
  await writeFileDurably(path.join(directory, imageIndexFile), [Buffer.from(`${JSON.stringify(index)}\n`)])
}

/** A reader sees the old file or the new one, whole, also after a crash. */
async function writeFileDurably(
  target: string,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true })
  const temporary = `${target}.${process.pid}.tmp`
  try {
    await using file = await open(temporary, 'w', 0o644)
    for await (const chunk of content) await file.writeFile(chunk)
    await file.sync()
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await using folder = await open(path.dirname(target), 'r')
  await folder.sync()
}
