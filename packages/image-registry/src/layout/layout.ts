// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import path from 'node:path'
import { StackError } from '@teu/errors'
import {
  annotationKeys,
  type Descriptor,
  type Index,
  imageIndexFile,
  imageLayoutFile,
  layoutBlobPath,
  maximumManifestSize,
  type Platform,
  parseBoundedJson,
  validateIndex,
} from '@teu/oci-spec/image'
import { openTarFile } from '../image/archive/tar-file.ts'
import type { Content } from '../image/image-index.ts'
import { type ContentSource, loadContent } from '../image/load-content.ts'

/** A layout that lies somewhere, for reading. It is looked at when it is opened, and must not change below its readers. @public */
export interface Layout {
  /** The path that it was opened by. */
  readonly path: string
  /** What it lists, as it is written. */
  readonly index: Index
  /** The entry of a name; without one, the only entry. Throws `not-found`, or `invalid-argument` when there are several. */
  find(name?: string): Descriptor
  /** A manifest, an index or a configuration, unchecked; at most 4 MiB. */
  read(descriptor: Descriptor): Promise<Uint8Array>
  /** A blob's bytes, unchecked, from `offset` on. */
  open(descriptor: Descriptor, offset?: number): AsyncIterable<Uint8Array>
  /** What an entry stands for, as a value: manifests and configurations are checked, layers when somebody reads them. */
  load(descriptor: Descriptor, options?: { platform?: Platform }): Promise<Content>
}

/** The files of a layout. */
interface Files {
  read(name: string): Promise<Uint8Array>
  open(name: string, offset: number): AsyncIterable<Uint8Array>
}

/**
 * Opens an OCI layout: a directory, or a tar of one, compressed or not (a compressed one is read from its beginning for
 * each blob). Fails with `not-found` when there is none, with `invalid-argument` when it is a broken one.
 *
 * @public
 */
export async function openLayout(location: string): Promise<Layout> {
  const isDirectory = await stat(location).then(
    (stats) => stats.isDirectory(),
    () => true,
  )
  const files = isDirectory ? directoryFiles(location) : await archiveFiles(location)
  const index = await indexOf(files, location)
  const source: ContentSource = {
    name: location,
    read: ({ digest }) => files.read(layoutBlobPath(digest)),
    open: ({ digest }, offset = 0) => files.open(layoutBlobPath(digest), offset),
  }
  return {
    path: location,
    index,
    find: (name) => findEntry(index, name, location),
    read: source.read,
    open: source.open,
    load: (descriptor, options) => loadContent(source, descriptor, options),
  }
}

async function indexOf(files: Files, location: string): Promise<Index> {
  const marker = parseBoundedJson(await files.read(imageLayoutFile), imageLayoutFile)
  const version =
    typeof marker === 'object' && marker !== null && 'imageLayoutVersion' in marker ? marker.imageLayoutVersion : ''
  if (typeof version !== 'string' || !version.startsWith('1.')) {
    throw new StackError('invalid-argument', `${location}: image layout of an unknown version`)
  }
  return validateIndex(parseBoundedJson(await files.read(imageIndexFile), imageIndexFile))
}

/** Entries go by a tag, or by the whole name where docker and containerd wrote them. */
function findEntry({ manifests }: Index, name: string | undefined, location: string): Descriptor {
  const [first, ...more] = manifests
  if (name === undefined) {
    if (first === undefined) throw new StackError('not-found', `${location}: no images`)
    if (more.length === 0) return first
    throw new StackError('invalid-argument', `${location}: several images, of which none was named`)
  }
  for (const key of [annotationKeys.refName, annotationKeys.containerdImageName]) {
    const found = manifests.findLast(({ annotations }) => annotations?.[key] === name)
    if (found !== undefined) return found
  }
  const byDigest = manifests.find(({ digest }) => digest === name)
  if (byDigest !== undefined) return byDigest
  throw new StackError('not-found', `${location}: no image named ${name.slice(0, 256)}`)
}

function directoryFiles(directory: string): Files {
  return {
    read: (name) => readSmall(path.join(directory, name)),
    open: (name, start) => openFile(path.join(directory, name), start),
  }
}

async function* openFile(file: string, start: number): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* createReadStream(file, { start, highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new StackError('not-found', `read ${file}: ${(error as Error).message}`, { cause: error })
  }
}

async function archiveFiles(file: string): Promise<Files> {
  const archive = await openTarFile(file)
  const present = (name: string) => {
    if (!archive.has(name)) throw new StackError('not-found', `${file}: has no ${name}`)
    return name
  }
  return {
    read: async (name) => archive.read(present(name), maximumManifestSize),
    open: (name, offset) => archive.open(present(name), offset),
  }
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
