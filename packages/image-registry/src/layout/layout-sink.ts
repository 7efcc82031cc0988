// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { hasCode } from '@teu/errors'
import { type Descriptor, layoutBlobPath } from '@teu/oci-spec/image'
import type { PullSink } from '../client/pull.ts'
import { BatchWriter } from './batch-writer.ts'
import { moveDurably } from './durable-file.ts'
import type { Layout } from './layout.ts'
import { addEntry, entryFor, type WriteLayoutOptions } from './layout-index.ts'
import { type PartialFile, PartialFiles } from './partial-files.ts'

/** A layout directory as the target of a registry client's `pull`. @public */
export interface LayoutSink {
  /** Whether a blob is there, whole. */
  has(descriptor: Descriptor): Promise<boolean>
  /** Stores a blob. What `open` yields is believed to be right when it ends without an error, as a client's transfers are. */
  write(descriptor: Descriptor, open: Parameters<PullSink['write']>[1]): Promise<void>
  /** A blob that is there, unchecked; for small ones. */
  read(descriptor: Descriptor): Promise<Uint8Array>
  /** Enters what was pulled into the layout's index, in place of what had its name; answers the entry. */
  add(descriptor: Descriptor, options?: WriteLayoutOptions): Promise<Descriptor>
}

/**
 * A layout to pull into; it is made when it is missing. Blobs are put in place whole, verified and durable. What a pull
 * that was broken off or killed has fetched of a blob stays in `.ingest`, and the next pull goes on from there. Several
 * may pull into one layout at a time, the same blobs too; two `add` at the same moment may lose one of the entries.
 *
 * Fails as `fs` does when the disk is full or the directory may not be written.
 *
 * @public
 */
export function layoutSink(directory: string): LayoutSink {
  const partials = new PartialFiles(directory)
  const pathOf = ({ digest }: Descriptor) => path.join(directory, layoutBlobPath(digest))
  return {
    has: (descriptor) =>
      stat(pathOf(descriptor)).then(
        ({ size }) => size === descriptor.size,
        () => false,
      ),
    read: (descriptor) => readFile(pathOf(descriptor)),
    async write(descriptor, opener) {
      const file = await partials.take(descriptor.digest)
      try {
        await fill(file, descriptor, opener)
        await mkdir(path.dirname(pathOf(descriptor)), { recursive: true })
        await moveDurably(file.path, pathOf(descriptor))
      } catch (error) {
        // What turned out wrong must not be gone on from.
        if (hasCode(error, 'data-loss')) await partials.discard(file)
        else await partials.release(descriptor.digest, file)
        throw error
      }
    },
    async add(descriptor, options = {}) {
      await partials.tidy()
      const entry = entryFor(descriptor, options)
      await addEntry(directory, entry, options.name)
      return entry
    },
  }
}

async function fill(
  file: PartialFile,
  descriptor: Descriptor,
  opener: Parameters<PullSink['write']>[1],
): Promise<void> {
  await using handle = await open(file.path, file.size === 0 ? 'w' : 'r+', 0o644)
  const size = file.size <= descriptor.size ? file.size : 0
  if (size !== file.size) await handle.truncate(0)
  const held = size === 0 ? {} : { held: createReadStream(file.path, { end: size - 1, highWaterMark: 256 * 1024 }) }
  const writer = new BatchWriter(handle, size, descriptor.size)
  try {
    for await (const chunk of opener({ lend: true, ...held })) await writer.write(chunk)
  } finally {
    await writer.flush()
  }
  await handle.sync()
}

/**
 * A layout as the source of a registry client's `push`: what it has goes as it is, from any byte on. A blob that it does not
 * have is `not-found`; one that is damaged is refused by the registry.
 *
 * @public
 */
export function layoutSource(layout: Layout): {
  open: (descriptor: Descriptor, options: { offset: number }) => AsyncIterable<Uint8Array>
} {
  return { open: (descriptor, { offset }) => layout.open(descriptor, offset) }
}
