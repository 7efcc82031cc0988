// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { StackError } from '@teu/errors'
import { type TarEntry, tarEnd, tarHeader, tarPadding } from '@teu/oci-spec/archive'
import { type Descriptor, type Digest, digestAlgorithm, finishDigest } from '@teu/oci-spec/image'

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

/** Writes files into a tar archive; what is written depends on names and content alone. @internal */
export class ArchiveWriter {
  readonly #handle: FileHandle
  #position = 0

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** A file that is held in memory. */
  async bytes(name: string, content: Uint8Array): Promise<void> {
    await this.#append(headerOf(name, content.byteLength))
    await this.#append(content)
    await this.#pad(content.byteLength)
  }

  /** A blob; throws `data-loss` when the source has not its length or its digest. */
  async blob(name: string, { digest, size }: Descriptor, source: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#append(headerOf(name, size))
    const written = await this.#stream(source, digest, size)
    if (written !== size) throw new StackError('data-loss', `${digest}: source has ${written} bytes, not ${size}`)
    await this.#pad(size)
  }

  /** The same for content whose length shows when it has been read; its header is written then, into the room left for it. */
  async measured(name: string, digest: Digest, source: AsyncIterable<Uint8Array>): Promise<void> {
    const start = this.#position
    const room = headerOf(name, 0).byteLength
    await this.#append(headerOf(name, 0))
    const size = await this.#stream(source, digest, Number.MAX_SAFE_INTEGER)
    const header = headerOf(name, size)
    if (header.byteLength !== room)
      throw new StackError('resource-exhausted', `${name}: ${size} bytes do not fit into an archive`)
    await this.#handle.write(header, 0, room, start)
    await this.#pad(size)
  }

  async #stream(source: AsyncIterable<Uint8Array>, digest: Digest, most: number): Promise<number> {
    const algorithm = digestAlgorithm(digest)
    const hash = createHash(algorithm)
    let size = 0
    for await (const chunk of source) {
      hash.update(chunk)
      size += chunk.byteLength
      if (size > most) throw new StackError('data-loss', `${digest}: source is longer than ${most} bytes`)
      await this.#append(chunk)
    }
    const actual = finishDigest(algorithm, hash)
    if (actual !== digest) throw new StackError('data-loss', `${digest}: content has digest ${actual}`)
    return size
  }

  async end(): Promise<void> {
    await this.#append(tarEnd)
  }

  #pad(size: number): Promise<void> {
    return this.#append(new Uint8Array(tarPadding(size)))
  }

  async #append(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.byteLength; ) {
      const { bytesWritten } = await this.#handle.write(bytes, at, bytes.byteLength - at, this.#position)
      at += bytesWritten
      this.#position += bytesWritten
    }
  }
}

/** Writes an archive that appears whole and durable, or not at all. @internal */
export async function writeArchive(file: string, write: (writer: ArchiveWriter) => Promise<void>): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`
  try {
    await using handle = await open(temporary, 'wx')
    const writer = new ArchiveWriter(handle)
    await write(writer)
    await writer.end()
    await handle.sync()
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

function headerOf(name: string, size: number): Buffer {
  return tarHeader({ ...plain, name, size })
}
