// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { StackError } from '@teu/errors'
import {
  type Descriptor,
  digestAlgorithm,
  finishDigest,
  type Index,
  imageIndexFile,
  imageLayoutFile,
  layoutBlobPath,
  mediaTypes,
} from '@teu/oci-spec/image'
import { writeArchive } from '../image/archive/archive-writer.ts'
import { contentsOf, openContent } from '../image/content.ts'
import { type Content, makeIndex } from '../image/image-index.ts'
import { writeFileDurably } from './durable-file.ts'
import { addEntry, entryFor, layoutMarker, type WriteLayoutOptions } from './layout-index.ts'

/**
 * Adds an image, an index or an artifact to a layout directory, which is made when it is missing. An entry of the same
 * name is replaced. Several images become one index. Answers the descriptor of the entry.
 *
 * Blobs are put in place whole, verified (`data-loss`) and durable before the index names them; those that are there, by
 * name and length, are not written again. `invalid-argument` for no content at all, and for a directory that holds
 * something else under the names of a layout.
 *
 * @public
 */
export async function writeLayout(
  directory: string,
  contents: readonly Content[],
  options: WriteLayoutOptions = {},
): Promise<Descriptor> {
  const content = together(contents)
  for (const descriptor of contentsOf(content)) await writeBlob(directory, descriptor, content)
  const entry = entryFor(content.descriptor, options)
  await addEntry(directory, entry, options.name)
  return entry
}

/**
 * Writes a layout as a tar archive, one entry for each content. The file appears whole or not at all, and is the same
 * for the same content. Content that entries share is in it once. Fails with `data-loss` for content that is not what its
 * descriptor says.
 *
 * @public
 */
export async function writeLayoutArchive(
  file: string,
  entries: readonly (WriteLayoutOptions & { content: Content })[],
): Promise<void> {
  await fillLayoutArchive(file, async (sink) => {
    for (const { content } of entries)
      for (const descriptor of contentsOf(content))
        if (!(await sink.has(descriptor))) await sink.write(descriptor, () => openContent(content, descriptor.digest))
    return entries.map(({ content, ...options }) => entryFor(content.descriptor, options))
  })
}

/** Where the blobs of a layout go that is written as an archive. @internal */
export interface ArchiveSink {
  /** Whether the archive has some content already. */
  has(descriptor: Descriptor): Promise<boolean>
  /** Appends a blob; fails with `data-loss` when `open` yields something else. */
  write(descriptor: Descriptor, open: () => AsyncIterable<Uint8Array>): Promise<void>
}

/**
 * Writes a layout as a tar archive of what `fill` puts into it; what that answers becomes the entries. The file appears
 * whole or not at all.
 *
 * @internal
 */
export async function fillLayoutArchive(
  file: string,
  fill: (sink: ArchiveSink) => Promise<readonly Descriptor[]>,
): Promise<void> {
  await writeArchive(file, async (writer) => {
    await writer.bytes(imageLayoutFile, Buffer.from(layoutMarker))
    const written = new Set<string>()
    const manifests = await fill({
      has: async ({ digest }) => written.has(digest),
      async write(descriptor, open) {
        await writer.blob(layoutBlobPath(descriptor.digest), descriptor, open())
        written.add(descriptor.digest)
      },
    })
    const index: Index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [...manifests] }
    await writer.bytes(imageIndexFile, Buffer.from(JSON.stringify(index)))
  })
}

function together(contents: readonly Content[]): Content {
  const [first, ...more] = contents
  if (first === undefined) throw new StackError('invalid-argument', 'no image to write')
  return more.length === 0 ? first : makeIndex(contents)
}

async function writeBlob(directory: string, descriptor: Descriptor, content: Content): Promise<void> {
  const target = path.join(directory, layoutBlobPath(descriptor.digest))
  const exists = await stat(target).then(
    ({ size }) => size === descriptor.size,
    () => false,
  )
  if (!exists) await writeFileDurably(target, verified(openContent(content, descriptor.digest), descriptor))
}

async function* verified(
  source: AsyncIterable<Uint8Array>,
  { digest, size }: Descriptor,
): AsyncGenerator<Uint8Array, void, undefined> {
  const algorithm = digestAlgorithm(digest)
  const hash = createHash(algorithm)
  let length = 0
  for await (const chunk of source) {
    hash.update(chunk)
    length += chunk.byteLength
    yield chunk
  }
  const actual = finishDigest(algorithm, hash)
  if (length !== size || actual !== digest)
    throw new StackError('data-loss', `${digest}: source has ${length} bytes with digest ${actual}`)
}
