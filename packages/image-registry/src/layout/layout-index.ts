// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { hasCode } from '@teu/errors'
import {
  annotationKeys,
  type Descriptor,
  type Index,
  imageIndexFile,
  imageLayoutFile,
  imageLayoutVersion,
  mediaTypes,
} from '@teu/oci-spec/image'
import { writeFileDurably } from './durable-file.ts'
import { openLayout } from './layout.ts'

/** How something goes by in a layout. @public */
export interface WriteLayoutOptions {
  /** What it is called there: the annotation that tools call a reference or a tag. */
  name?: string
  /** More annotations of the entry. */
  annotations?: Readonly<Record<string, string>>
}

/** An entry of a layout's index. @internal */
export function entryFor(target: Descriptor, { name, annotations = {} }: WriteLayoutOptions): Descriptor {
  const extra = { ...annotations, ...(name === undefined ? {} : { [annotationKeys.refName]: name }) }
  return { ...target, ...(Object.keys(extra).length === 0 ? {} : { annotations: extra }) }
}

/** The text of the file that says that a directory is a layout. @internal */
export const layoutMarker = JSON.stringify({ imageLayoutVersion })

/**
 * Enters something into a layout's index, in place of what had its name. Blobs are there before. Two processes that do
 * so at the same moment may lose one of the entries.
 *
 * @internal
 */
export async function addEntry(directory: string, entry: Descriptor, name: string | undefined): Promise<void> {
  const marker = path.join(directory, imageLayoutFile)
  const isNew = await readFile(marker).then(
    () => false,
    () => true,
  )
  if (isNew) await writeFileDurably(marker, [Buffer.from(layoutMarker)])
  const before = await openLayout(directory).catch((error) => {
    if (hasCode(error, 'not-found')) return undefined
    throw error
  })
  const others = (before?.index.manifests ?? []).filter(({ digest, annotations }) => {
    const named = annotations?.[annotationKeys.refName]
    return name === undefined ? digest !== entry.digest || named !== undefined : named !== name
  })
  const index: Index = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    ...before?.index,
    manifests: [...others, entry],
  }
  await writeFileDurably(path.join(directory, imageIndexFile), [Buffer.from(`${JSON.stringify(index)}\n`)])
}
