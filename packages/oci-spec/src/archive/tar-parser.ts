// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { nameOfBytes } from './name-bytes.ts'
import { applyPaxRecords, parsePaxRecords } from './pax-records.ts'
import { SparseData, type SparseSink } from './sparse-data.ts'
import { addGnuPieces, gnuRealSize, type SparsePiece } from './sparse-map.ts'
import { blockSize, entryTypeOf, invalidHeader, parseHeader, type RawHeader, type TarEntry } from './tar-header.ts'

/** The most bytes that an extended header or a long name may have. */
const maximumMetadata = 1024 * 1024

/** Headers whose data is about the entry that follows. */
const metadataFlags: ReadonlySet<string> = new Set(['x', 'g', 'L', 'K'])

interface GnuSparse {
  pieces: SparsePiece[]
  size: number
}

/** What hears of an archive's entries, in order. It is called synchronously; what it throws ends the parse. @public */
export interface TarHandler {
  /** An entry begins. */
  entry(entry: TarEntry): void
  /** Some of the data of the current entry. The bytes are only valid during the call. */
  data(chunk: Uint8Array): void
  /**
   * So many zeros follow, which the archive of a sparse file leaves out. A handler without this cannot take sparse files:
   * they are then `invalid-argument`. Check {@link TarEntry.size} before: a few bytes may announce a very large file.
   */
  hole?(length: number): void
  /** The current entry is complete. */
  end(): void
}

/**
 * Reads a tar archive (POSIX with extended headers, GNU with sparse files, and older) from chunks of any size, without a copy of file
 * data and without waiting. What follows the end of the archive is ignored.
 *
 * @public
 */
export class TarParser {
  readonly #handler: TarHandler
  readonly #partial = Buffer.alloc(blockSize)
  #partialLength = 0
  /** Bytes of the current entry's data that are still to come, and its padding. */
  #left = 0
  #padding = 0
  #inEntry = false
  /** A sparse file of GNU's whose map goes on in the next block. */
  #mapped: { header: RawHeader; sparse: GnuSparse } | undefined
  #sparse: SparseData | undefined
  #metadata: { flag: string; chunks: Buffer[] } | undefined
  #pax: Map<string, Buffer> | undefined
  #longName: string | undefined
  #longLink: string | undefined
  #zeroBlocks = 0
  #ended = false

  constructor(handler: TarHandler) {
    this.#handler = handler
  }

  /** @throws `invalid-argument` when the archive is malformed, and whatever the handler throws */
  push(chunk: Uint8Array): void {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    for (let at = 0; at < buffer.length && !this.#ended; ) {
      if (this.#left > 0) at += this.#takeData(buffer.subarray(at, at + this.#left))
      else if (this.#padding > 0) at += this.#takePadding(buffer.length - at)
      else at += this.#takeHeader(buffer, at)
    }
  }

  /**
   * Leaves out what is left of the current entry's data, for a reader that can seek: answers how many bytes of the
   * archive, padding included, the next chunk must not begin with. 0 outside of an entry's data, and in a sparse file.
   */
  skip(): number {
    if (this.#left === 0 || this.#metadata !== undefined || this.#sparse !== undefined) return 0
    const skipped = this.#left + this.#padding
    this.#left = this.#padding = 0
    this.#complete()
    return skipped
  }

  /** Says that nothing follows. @throws `invalid-argument` when the archive is cut off */
  finish(): void {
    const announced = this.#pax || this.#longName || this.#longLink || this.#mapped
    const truncated = this.#left > 0 || this.#partialLength > 0 || announced
    if (!this.#ended && truncated)
      throw new StackError('invalid-argument', 'archive/tar: unexpected EOF: invalid argument')
  }

  #takeData(data: Buffer): number {
    this.#left -= data.length
    if (this.#metadata !== undefined) this.#metadata.chunks.push(Buffer.from(data))
    else if (this.#sparse !== undefined) this.#sparse.push(data)
    else this.#handler.data(data)
    if (this.#left === 0) this.#complete()
    return data.length
  }

  #takePadding(available: number): number {
    const taken = Math.min(this.#padding, available)
    this.#padding -= taken
    return taken
  }

  #takeHeader(buffer: Buffer, at: number): number {
    if (this.#partialLength === 0 && buffer.length - at >= blockSize) {
      this.#header(buffer.subarray(at, at + blockSize))
      return blockSize
    }
    const taken = buffer.copy(this.#partial, this.#partialLength, at, at + blockSize - this.#partialLength)
    this.#partialLength += taken
    if (this.#partialLength === blockSize) {
      this.#partialLength = 0
      this.#header(this.#partial)
    }
    return taken
  }

  #header(block: Buffer): void {
    if (this.#mapped !== undefined) {
      this.#goOnMapping(this.#mapped.header, this.#mapped.sparse, block)
      return
    }
    if (block[0] === 0 && block.every((byte) => byte === 0)) {
      this.#ended = ++this.#zeroBlocks === 2
      return
    }
    if (this.#zeroBlocks > 0) throw invalidHeader('a block of zeros within the archive')
    const header = parseHeader(block)
    if (header.flag === 'S') this.#beginMapping(header, block)
    else if (metadataFlags.has(header.flag)) this.#beginMetadata(header)
    else this.#beginEntry(header)
  }

  #beginMetadata({ flag, size }: RawHeader): void {
    if (size > maximumMetadata) throw invalidHeader(`extended header of ${size} bytes`)
    this.#metadata = { flag, chunks: [] }
    this.#expect(size)
  }

  #beginMapping(header: RawHeader, block: Buffer): void {
    const sparse: GnuSparse = { pieces: [], size: gnuRealSize(block) }
    if (addGnuPieces(sparse.pieces, block, 'first')) this.#mapped = { header, sparse }
    else this.#beginEntry(header, sparse)
  }

  #goOnMapping(header: RawHeader, sparse: GnuSparse, block: Buffer): void {
    if (addGnuPieces(sparse.pieces, block, 'next')) return
    this.#mapped = undefined
    this.#beginEntry(header, sparse)
  }

  #beginEntry(header: RawHeader, gnu?: GnuSparse): void {
    const { xattrs, sparse = gnu } = applyPaxRecords(header, this.#pax ?? new Map())
    if (this.#longName !== undefined) header.name = this.#longName
    if (this.#longLink !== undefined) header.linkName = this.#longLink
    this.#pax = this.#longName = this.#longLink = undefined
    const type = entryTypeOf(header)
    // Some writers give the size of the target for a link, without data.
    const stored = type === 'file' ? header.size : 0
    const { flag: _, ...rest } = header
    this.#inEntry = true
    if (sparse !== undefined && type === 'file')
      this.#sparse = new SparseData(this.#sparseSink(header), sparse.pieces, sparse.size, stored)
    this.#handler.entry({ ...rest, type, size: this.#sparse === undefined ? stored : sparse!.size, xattrs })
    this.#expect(stored)
  }

  #sparseSink({ name }: RawHeader): SparseSink {
    const handler = this.#handler
    if (handler.hole === undefined) throw invalidHeader('sparse files are not supported', name)
    return { data: (chunk) => handler.data(chunk), hole: (length) => handler.hole!(length) }
  }

  #expect(size: number): void {
    this.#left = size
    this.#padding = (blockSize - (size % blockSize)) % blockSize
    if (size === 0) this.#complete()
  }

  #complete(): void {
    const metadata = this.#metadata
    if (metadata !== undefined) {
      this.#metadata = undefined
      const data = metadata.chunks.length === 1 ? metadata.chunks[0]! : Buffer.concat(metadata.chunks)
      if (metadata.flag === 'x') this.#pax = parsePaxRecords(data)
      else if (metadata.flag === 'L') this.#longName = textOf(data)
      else if (metadata.flag === 'K') this.#longLink = textOf(data)
      // A global header may say anything about all that follows: as containerd does, it is read over.
      return
    }
    if (!this.#inEntry) return
    this.#inEntry = false
    this.#sparse?.end()
    this.#sparse = undefined
    this.#handler.end()
  }
}

function textOf(data: Buffer): string {
  const end = data.indexOf(0)
  return nameOfBytes(data.subarray(0, end < 0 ? data.length : end))
}
