// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { StackError } from '@teu/errors'
import { type TarEntry, TarParser, tarBlockSize } from '@teu/oci-spec/archive'
import type { Compression } from '../compression/compress.ts'
import { compressionOf, decompressed } from '../compression/decompress.ts'

/** Where a file's bytes lie in an archive that is not compressed, or in what it decompresses to. */
interface Place {
  start: number
  size: number
}

/** Entries of one archive. */
const maximumEntries = 1_000_000
const readSize = 256 * 1024
/** Links that lead to links are followed so far. */
const maximumLinks = 8

/**
 * A tar archive on disk as a table of files, each of which can be read by its name. Names are looked up among the
 * archive's entries, never on disk. The file is opened for each read, and must not change. A compressed archive is read
 * from its beginning each time.
 *
 * @internal
 */
export class TarFile {
  readonly name: string
  readonly #compression: Compression
  readonly #places: ReadonlyMap<string, Place>
  readonly #links: ReadonlyMap<string, string>

  constructor(name: string, compression: Compression, { places, links }: TarIndex) {
    this.name = name
    this.#compression = compression
    this.#places = places
    this.#links = links
  }

  /** Whether the archive has a file of that name. */
  has(name: string): boolean {
    return this.#find(name) !== undefined
  }

  /** Its names, as they are written, without `./`. */
  names(): string[] {
    return [...this.#places.keys()]
  }

  /** A file's length in bytes; throws `invalid-argument` when the archive does not have it. */
  sizeOf(name: string): number {
    return this.#place(name).size
  }

  /** A file's bytes from `offset` on. */
  open(name: string, offset = 0): AsyncIterable<Uint8Array> {
    const { start, size } = this.#place(name)
    if (offset >= size) return nothing()
    const range = { start: start + offset, end: start + size - 1 }
    if (this.#compression === 'none') return createReadStream(this.name, { ...range, highWaterMark: readSize })
    return within(decompressed(createReadStream(this.name, { highWaterMark: readSize })), range.start, range.end + 1)
  }

  /** A small file; throws `resource-exhausted` when it has more than `limit` bytes. */
  async read(name: string, limit: number): Promise<Uint8Array> {
    const { size } = this.#place(name)
    if (size > limit)
      throw new StackError('resource-exhausted', `${this.name}: ${quoted(name)} of ${size} bytes exceeds ${limit}`)
    const bytes = Buffer.concat(await Array.fromAsync(this.open(name)))
    if (bytes.byteLength === size) return bytes
    throw new StackError('data-loss', `${this.name}: ${quoted(name)} is cut off`)
  }

  #place(name: string): Place {
    const place = this.#find(name)
    if (place !== undefined) return place
    throw new StackError('invalid-argument', `${this.name}: has no entry ${quoted(name)}`)
  }

  #find(name: string): Place | undefined {
    let at = plain(name)
    for (let hop = 0; hop <= maximumLinks; hop++) {
      const place = this.#places.get(at)
      const target = this.#links.get(at)
      if (place !== undefined || target === undefined) return place
      at = target
    }
    return undefined
  }
}

/** Reads an archive's table. Throws `not-found` when there is no such file, `invalid-argument` when it is no archive. @internal */
export async function openTarFile(file: string): Promise<TarFile> {
  await using handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new StackError(error.code === 'ENOENT' ? 'not-found' : 'unknown', `read ${file}: ${error.message}`, {
      cause: error,
    })
  })
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(8), 0, 8, 0)
  const compression = compressionOf(buffer.subarray(0, bytesRead))
  try {
    return new TarFile(
      file,
      compression,
      await (compression === 'none' ? indexBySeeking(handle) : indexByReading(file)),
    )
  } catch (error) {
    throw new StackError('invalid-argument', `${file}: ${(error as Error).message}`, { cause: error })
  }
}

interface TarIndex {
  places: Map<string, Place>
  links: Map<string, string>
}

class Indexer {
  readonly index: TarIndex = { places: new Map(), links: new Map() }
  /** Where the current entry's data begins, and how much of it there is. */
  #entry: TarEntry | undefined
  #count = 0
  readonly parser = new TarParser({
    entry: (entry) => {
      if (++this.#count > maximumEntries)
        throw new StackError('resource-exhausted', `more than ${maximumEntries} entries`)
      this.#entry = entry
    },
    data: () => {},
    end: () => {},
  })

  /** Takes note of the entry whose header ended at `position`. */
  note(position: number): void {
    const entry = this.#entry
    this.#entry = undefined
    if (entry === undefined) return
    const name = plain(entry.name)
    this.index.links.delete(name)
    this.index.places.delete(name)
    if (entry.type === 'file') this.index.places.set(name, { start: position, size: entry.size })
    if (entry.type === 'hardlink') this.index.links.set(name, plain(entry.linkName))
    if (entry.type === 'symlink') this.index.links.set(name, resolved(name, entry.linkName))
  }
}

async function indexBySeeking(handle: FileHandle): Promise<TarIndex> {
  const indexer = new Indexer()
  const block = Buffer.alloc(tarBlockSize)
  const { size } = await handle.stat()
  for (let at = 0; at < size; ) {
    const { bytesRead } = await handle.read(block, 0, tarBlockSize, at)
    if (bytesRead === 0) break
    at += bytesRead
    indexer.parser.push(block.subarray(0, bytesRead))
    indexer.note(at)
    at += indexer.parser.skip()
    if (at - size >= tarBlockSize) throw new StackError('invalid-argument', 'archive is cut off')
  }
  indexer.parser.finish()
  return indexer.index
}

async function indexByReading(file: string): Promise<TarIndex> {
  const indexer = new Indexer()
  let at = 0
  for await (const chunk of decompressed(createReadStream(file, { highWaterMark: readSize }))) {
    // Headers are told apart a block at a time, so that the place of what follows them is known.
    for (let from = 0; from < chunk.byteLength; ) {
      const length = Math.min(tarBlockSize - (at % tarBlockSize), chunk.byteLength - from)
      indexer.parser.push(chunk.subarray(from, from + length))
      from += length
      at += length
      indexer.note(at)
    }
  }
  indexer.parser.finish()
  return indexer.index
}

function plain(name: string): string {
  return name.replace(/^(?:\.?\/+)+/, '')
}

/** Where a link leads, as a name of the archive. */
function resolved(name: string, target: string): string {
  const parts = target.startsWith('/') ? [] : name.split('/').slice(0, -1)
  for (const part of target.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/')
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 256))
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

/** The bytes of a stream from `start` up to `end`. */
async function* within(
  source: AsyncIterable<Uint8Array>,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0
  for await (const chunk of source) {
    const part = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at))
    at += chunk.byteLength
    if (part.byteLength > 0) yield part
    if (at >= end) return
  }
}
