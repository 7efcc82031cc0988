// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { StackError } from '@teu/errors'
import { type TarEntry, tarEnd, tarHeader, tarPadding } from '@teu/oci-spec/archive'
import { type Digest, digestEncoded, digestOf, finishDigest } from '@teu/oci-spec/image'
import { decompressed } from '../compression/decompress.ts'
import type { Layer } from '../layer/layer.ts'
import type { ArchivedImage } from './read-docker-archive.ts'

/**
 * Writes an archive that `docker load`, podman and skopeo read: a configuration, plain layers named by their diff ids,
 * and a `manifest.json`. Images that share layers share them there. The file appears whole or not at all, and is the same
 * for the same images.
 *
 * Throws `invalid-argument` for a name that two images have, `data-loss` for a layer without its diff id.
 *
 * @public
 */
export async function writeDockerArchive(file: string, images: readonly ArchivedImage[]): Promise<void> {
  if (images.length === 0) throw new StackError('invalid-argument', 'no image to write')
  const names = images.flatMap((image) => image.names)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new StackError('invalid-argument', `two images are called ${JSON.stringify(twice)}`)
  const temporary = `${file}.${randomUUID()}.tmp`
  try {
    await using handle = await open(temporary, 'wx')
    await writeImages(new Writer(handle), images)
    await handle.sync()
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function writeImages(writer: Writer, images: readonly ArchivedImage[]): Promise<void> {
  const written = new Set<string>()
  const once = async (name: string, write: () => Promise<void>) => {
    if (!written.has(name)) await write()
    written.add(name)
    return name
  }
  const entries: object[] = []
  for (const { image, names } of images) {
    const layers: string[] = []
    for (const layer of image.layers)
      layers.push(await once(`${digestEncoded(layer.diffId)}.tar`, () => writer.layer(layer)))
    const config = `${digestEncoded(digestOf(image.configBytes))}.json`
    await once(config, () => writer.bytes(config, image.configBytes))
    entries.push({ Config: config, RepoTags: names.length === 0 ? null : names, Layers: layers })
  }
  await writer.bytes('manifest.json', Buffer.from(JSON.stringify(entries)))
  await writer.end()
}

class Writer {
  readonly #handle: FileHandle
  #position = 0

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async bytes(name: string, content: Uint8Array): Promise<void> {
    await this.#append(headerOf(name, content.byteLength))
    await this.#append(content)
    await this.#append(Buffer.alloc(tarPadding(content.byteLength)))
  }

  /** How long a layer is shows when it has been decompressed; its header is written then, into the room left for it. */
  async layer(layer: Layer): Promise<void> {
    const name = `${digestEncoded(layer.diffId)}.tar`
    const start = this.#position
    await this.#append(headerOf(name, 0))
    const hash = createHash('sha256')
    let size = 0
    for await (const chunk of decompressed(layer.open())) {
      hash.update(chunk)
      size += chunk.byteLength
      await this.#append(chunk)
    }
    checkDiffId(layer, finishDigest('sha256', hash))
    const header = headerOf(name, size)
    if (header.byteLength !== headerOf(name, 0).byteLength)
      throw new StackError('resource-exhausted', `layer ${layer.diffId} of ${size} bytes does not fit into an archive`)
    await this.#handle.write(header, 0, header.byteLength, start)
    await this.#append(Buffer.alloc(tarPadding(size)))
  }

  async end(): Promise<void> {
    await this.#append(tarEnd)
  }

  async #append(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength; ) {
      const { bytesWritten } = await this.#handle.write(bytes, at, bytes.byteLength - at, this.#position)
      at += bytesWritten
      this.#position += bytesWritten
    }
  }
}

function checkDiffId({ diffId }: Layer, actual: Digest): void {
  if (actual !== diffId) throw new StackError('data-loss', `layer ${diffId}: has diff id ${actual}`)
}

const plain: Omit<TarEntry, 'name' | 'size'> = {
  type: 'file',
  linkName: '',
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtimeNs: 0n,
  atimeNs: undefined,
  major: 0,
  minor: 0,
  xattrs: new Map(),
}

function headerOf(name: string, size: number): Buffer {
  return tarHeader({ ...plain, name, size })
}
