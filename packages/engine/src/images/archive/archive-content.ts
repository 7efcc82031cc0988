// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes } from 'node:crypto'
import { posix } from 'node:path'
import { writeBlob } from '@teu/containerd-api'
import { isAlreadyExists, StackError } from '@teu/errors'
import { type Descriptor, type Digest, finishDigest, isDigest, mediaTypes } from '@teu/oci-spec/image'
import { ensureContent, type Transfer } from '../content.ts'
import { callOptions, type ImageContext } from '../image-context.ts'
import { holdContent } from '../lease.ts'
import { compressionOf, readTar, type TarEntry } from './read-tar.ts'

/** The largest file that is kept in memory: a manifest, an index or a config. */
const maximumDocument = 4 * 1024 * 1024
/** All such files of one archive together. */
const maximumDocuments = 64 * 1024 * 1024
/** Entries of one archive. */
const maximumEntries = 100_000

/** A blob of an archive that is in the content store by now. */
export interface StoredFile {
  digest: Digest
  size: number
  /** The layer media type that its first bytes tell. */
  mediaType: string
}

/** What came out of an archive: its documents in memory, its blobs in the content store. */
export interface ArchiveContent {
  document(path: string): Uint8Array | undefined
  blob(path: string): StoredFile | undefined
}

/** Told how much of a layer has been read. */
export type OnLayer = (id: string, current: number, total: number) => void

const layerTypes: Readonly<Record<string, string>> = {
  gzip: mediaTypes.dockerLayerGzip,
  zstd: mediaTypes.dockerLayerZstd,
}

/** Passes bytes on, hashing them and looking at the first ones. */
class Observer {
  readonly #hash = createHash('sha256')
  #head: Uint8Array | undefined
  size = 0

  async *pass(source: AsyncIterable<Uint8Array>, onBytes: (size: number) => void): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      this.#head ??= chunk
      this.#hash.update(chunk)
      this.size += chunk.length
      onBytes(this.size)
      yield chunk
    }
  }

  result(): StoredFile {
    const compression = this.#head && compressionOf(this.#head)?.name
    const mediaType = layerTypes[compression ?? ''] ?? mediaTypes.dockerLayer
    return { digest: finishDigest('sha256', this.#hash), size: this.size, mediaType }
  }
}

/** `blobs/sha256/<hex>`, where an OCI layout keeps what has that digest. */
function layoutDigest(path: string): Digest | undefined {
  const [, algorithm, hex] = /^blobs\/([a-z0-9]+)\/([0-9a-f]+)$/.exec(path) ?? []
  const digest = `${algorithm}:${hex}`
  return isDigest(digest) ? digest : undefined
}

async function storeUnknown(
  context: ImageContext,
  entry: TarEntry,
  onLayer: OnLayer,
  { lease, signal }: Transfer,
): Promise<StoredFile> {
  const observer = new Observer()
  const id = entry.path.slice(0, 12)
  const ref = `teu-load-${randomBytes(8).toString('hex')}`
  const bytes = observer.pass(entry.body, (size) => onLayer(id, size, entry.size))
  const call = callOptions(context, { lease, signal })
  try {
    await writeBlob(context.containerd.content, { ref, size: BigInt(entry.size) }, bytes, call)
    return observer.result()
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    const file = observer.result()
    await holdContent(context, lease, file.digest, signal)
    return file
  }
}

async function storeKnown(
  context: ImageContext,
  entry: TarEntry,
  digest: Digest,
  onLayer: OnLayer,
  transfer: Transfer,
): Promise<StoredFile> {
  const observer = new Observer()
  const id = digest.slice(7, 19)
  const report = (size: number) => entry.size > maximumDocument && onLayer(id, size, entry.size)
  const descriptor: Descriptor = { mediaType: '', digest, size: entry.size }
  const existed = await ensureContent(context, descriptor, observer.pass(entry.body, report), {}, transfer)
  if (!existed) return { ...observer.result(), digest }
  // Only the head is needed to know the type; the rest of the entry is skipped.
  for await (const _ of observer.pass(entry.body, () => {})) break
  return { ...observer.result(), digest, size: entry.size }
}

async function readDocument(entry: TarEntry): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of entry.body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const isLayer = (path: string): boolean => path.endsWith('.tar') || path.endsWith('.tar.gz')

/**
 * Reads an archive to its end, in one pass: files under `blobs/` and layers go to the content store, verified, and
 * small ones are kept. Nothing of the archive selects a path of the host.
 */
export async function storeArchive(
  context: ImageContext,
  source: AsyncIterable<Uint8Array>,
  onLayer: OnLayer,
  transfer: Transfer,
): Promise<ArchiveContent> {
  const documents = new Map<string, Uint8Array>()
  const blobs = new Map<string, StoredFile>()
  const links = new Map<string, string>()
  let kept = 0
  let entries = 0
  for await (const entry of readTar(source, transfer.signal)) {
    entries++
    if (entries > maximumEntries)
      throw new StackError('resource-exhausted', `archive has more than ${maximumEntries} entries`)
    const { path } = entry
    if (entry.type === 'link') links.set(path, posix.normalize(posix.join(posix.dirname(path), entry.linkPath)))
    if (entry.type !== 'file') continue
    const digest = layoutDigest(path)
    if (digest) blobs.set(path, await storeKnown(context, entry, digest, onLayer, transfer))
    else if (isLayer(path)) blobs.set(path, await storeUnknown(context, entry, onLayer, transfer))
    else {
      kept += entry.size
      if (entry.size > maximumDocument || kept > maximumDocuments) {
        throw new StackError('resource-exhausted', `file ${path} of the archive is too large`)
      }
      documents.set(path, await readDocument(entry))
    }
  }
  // One link at most: archives of old docker versions link a layer to the same one of another image.
  const follow = <T>(map: Map<string, T>, path: string) => map.get(path) ?? map.get(links.get(path) ?? '')
  return { document: (path) => follow(documents, path), blob: (path) => follow(blobs, path) }
}
