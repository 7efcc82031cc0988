// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { ByteRange } from '@teu/oci-spec/distribution'
import { type Descriptor, type Digest, parseManifest } from '@teu/oci-spec/image'
import type { StoredObject, WalkableStorage } from './driver.ts'
import { tree } from './tree.ts'

/** An image as a value: its small parts as bytes, its layers as ways to theirs. `Image` of `./image` is one. @public */
export interface VirtualImage {
  readonly descriptor: Descriptor
  readonly manifest: { readonly config: Descriptor }
  readonly manifestBytes: Uint8Array
  readonly configBytes: Uint8Array
  readonly layers: readonly { readonly descriptor: Descriptor; open(): AsyncIterable<Uint8Array> }[]
}

/** Content that is read where it lies, such as an opened layout. @public */
export interface VirtualContent {
  /** A manifest's or an index's bytes. */
  read(descriptor: Descriptor): Promise<Uint8Array>
  /** A blob's bytes. */
  open(descriptor: Descriptor): AsyncIterable<Uint8Array>
}

/** What a virtual storage serves under a name. @public */
export type VirtualEntry = {
  repository: string
  /** Default: none; it is served by its digest. */
  tags?: readonly string[]
} & ({ image: VirtualImage } | { root: Descriptor; content: VirtualContent })

interface VirtualObject {
  size: number
  open(): AsyncIterable<Uint8Array>
}

/** Nothing here was ever written. */
const modified = 0

/**
 * A storage that holds nothing: it serves images as if they had been pushed, and reads their bytes where they are when
 * somebody pulls. It cannot be written to, so a registry over it is read-only.
 *
 * An entry that cannot be read fails the first request with what its `read` threw, or `invalid-argument`; the next request tries again.
 *
 * @public
 */
export function virtualStorage(entries: Iterable<VirtualEntry>): WalkableStorage {
  const list = [...entries]
  let loaded: Promise<Objects> | undefined
  const objects = () => {
    loaded ??= load(list).catch((error) => {
      loaded = undefined
      throw error
    })
    return loaded
  }
  const objectAt = async (path: string) => {
    const found = (await objects()).at(path)
    if (found === undefined) throw new StackError('not-found', `no such object: ${path}`)
    return found
  }
  const refuse = async (): Promise<never> => {
    throw new StackError('failed-precondition', 'a virtual storage cannot be written to')
  }

  return {
    capabilities: { persistent: false, writable: false },
    read: async (path) => Buffer.concat(await Array.fromAsync((await objectAt(path)).open())),
    async stat(path) {
      const found = (await objects()).at(path)
      return found && { size: found.size, modified }
    },
    async *open(path, range) {
      const { size, open } = await objectAt(path)
      yield* part(open(), range ?? { start: 0, end: size - 1 })
    },
    list: async (path) => (await objects()).below(path),
    async *walk(path) {
      yield* (await objects()).walk(path)
    },
    write: refuse,
    append: refuse,
    move: refuse,
    remove: refuse,
  }
}

/** Objects by path, and the names in each folder. */
class Objects {
  readonly #objects = new Map<string, VirtualObject>()
  readonly #folders = new Map<string, Set<string>>()

  add(path: string, object: VirtualObject): void {
    this.#objects.set(path, object)
    const parts = path.split('/')
    for (let length = parts.length - 1; length >= 0; length--) {
      const folder = parts.slice(0, length).join('/')
      const names = this.#folders.get(folder) ?? new Set()
      names.add(parts[length] as string)
      this.#folders.set(folder, names)
    }
  }

  addText(path: string, content: string): void {
    this.addBytes(path, Buffer.from(content))
  }

  addBytes(path: string, bytes: Uint8Array): void {
    this.add(path, { size: bytes.byteLength, open: () => only(bytes) })
  }

  at(path: string): VirtualObject | undefined {
    return this.#objects.get(path)
  }

  below(path: string): string[] {
    return [...(this.#folders.get(path) ?? [])]
  }

  *walk(path: string): Generator<StoredObject> {
    for (const [place, { size }] of this.#objects)
      if (path === '' || place.startsWith(`${path}/`)) yield { path: place, size, modified }
  }
}

async function load(entries: readonly VirtualEntry[]): Promise<Objects> {
  const objects = new Objects()
  for (const entry of entries) {
    const root = 'image' in entry ? addImage(objects, entry.repository, entry.image) : entry.root
    if ('content' in entry) await addContent(objects, entry.repository, entry.content, root)
    for (const tag of entry.tags ?? []) objects.addText(`${tree.tag(entry.repository, tag)}/current/link`, root.digest)
  }
  return objects
}

function addImage(objects: Objects, repository: string, image: VirtualImage): Descriptor {
  const { descriptor, manifest, manifestBytes, configBytes, layers } = image
  addManifest(objects, repository, descriptor.digest, manifestBytes)
  objects.addBytes(tree.blob(manifest.config.digest), configBytes)
  link(objects, tree.layer(repository, manifest.config.digest), manifest.config.digest)
  for (const layer of layers) addBlob(objects, repository, layer.descriptor, () => layer.open())
  return descriptor
}

async function addContent(
  objects: Objects,
  repository: string,
  content: VirtualContent,
  descriptor: Descriptor,
): Promise<void> {
  const bytes = await content.read(descriptor)
  const parsed = parseManifest(bytes, descriptor.mediaType)
  addManifest(objects, repository, descriptor.digest, bytes)
  for (const child of parsed.kind === 'index' ? parsed.index.manifests : [])
    await addContent(objects, repository, content, child)
  for (const blob of parsed.kind === 'index' ? [] : [parsed.manifest.config, ...parsed.manifest.layers])
    addBlob(objects, repository, blob, () => content.open(blob))
}

function addManifest(objects: Objects, repository: string, digest: Digest, bytes: Uint8Array): void {
  objects.addBytes(tree.blob(digest), bytes)
  link(objects, tree.revision(repository, digest), digest)
}

function addBlob(
  objects: Objects,
  repository: string,
  { digest, size }: Descriptor,
  open: () => AsyncIterable<Uint8Array>,
): void {
  objects.add(tree.blob(digest), { size, open })
  link(objects, tree.layer(repository, digest), digest)
}

function link(objects: Objects, folder: string, digest: Digest): void {
  objects.addText(`${folder}/link`, digest)
}

async function* part(source: AsyncIterable<Uint8Array>, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
  let at = 0
  for await (const chunk of source) {
    const [from, to] = [Math.max(start - at, 0), Math.min(end + 1 - at, chunk.byteLength)]
    if (from < to) yield chunk.subarray(from, to)
    at += chunk.byteLength
    if (at > end) return
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
