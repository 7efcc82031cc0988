// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { applyPaxRecords, parsePaxRecords } from './pax-records.ts'
import { blockSize, entryTypeOf, invalidHeader, parseHeader, type RawHeader, type TarEntry } from './tar-header.ts'

/** The most bytes that an extended header or a long name may have. */
const maximumMetadata = 1024 * 1024

/** Headers whose data is about the entry that follows. */
const metadataFlags: ReadonlySet<string> = new Set(['x', 'g', 'L', 'K'])

/** What hears of an archive's entries, in order. It is called synchronously; what it throws ends the parse. @public */
export interface TarHandler {
  /** An entry begins. */
  entry(entry: TarEntry): void
  /** Some of the data of the current entry. The bytes are only valid during the call. */
  data(chunk: Uint8Array): void
  /** The current entry is complete. */
  end(): void
}

/**
 * Reads a tar archive (POSIX with extended headers, GNU, and older) from chunks of any size, without a copy of file
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
   * archive, padding included, the next chunk must not begin with. 0 outside of an entry's data.
   */
  skip(): number {
    if (this.#left === 0 || this.#metadata !== undefined) return 0
    const skipped = this.#left + this.#padding
    this.#left = this.#padding = 0
    this.#complete()
    return skipped
  }

  /** Says that nothing follows. @throws `invalid-argument` when the archive is cut off */
  finish(): void {
    const truncated = this.#left > 0 || this.#partialLength > 0 || this.#pax || this.#longName || this.#longLink
    if (!this.#ended && truncated)
      throw new StackError('invalid-argument', 'archive/tar: unexpected EOF: invalid argument')
  }

  #takeData(data: Buffer): number {
    this.#left -= data.length
    if (this.#metadata !== undefined) this.#metadata.chunks.push(Buffer.from(data))
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
    if (block[0] === 0 && block.every((byte) => byte === 0)) {
      this.#ended = ++this.#zeroBlocks === 2
      return
    }
    if (this.#zeroBlocks > 0) throw invalidHeader('a block of zeros within the archive')
    const header = parseHeader(block)
    if (header.flag === 'S') throw invalidHeader('sparse files are not supported', header.name)
    if (metadataFlags.has(header.flag)) this.#beginMetadata(header)
    else this.#beginEntry(header)
  }

  #beginMetadata({ flag, size }: RawHeader): void {
    if (size > maximumMetadata) throw invalidHeader(`extended header of ${size} bytes`)
    this.#metadata = { flag, chunks: [] }
    this.#expect(size)
  }

  #beginEntry(header: RawHeader): void {
    const xattrs = applyPaxRecords(header, this.#pax ?? new Map())
    if (this.#longName !== undefined) header.name = this.#longName
    if (this.#longLink !== undefined) header.linkName = this.#longLink
    this.#pax = this.#longName = this.#longLink = undefined
    const type = entryTypeOf(header)
    // Some writers give the size of the target for a link, without data.
    const size = type === 'file' ? header.size : 0
    const { flag: _, ...rest } = header
    this.#inEntry = true
    this.#handler.entry({ ...rest, type, size, xattrs })
    this.#expect(size)
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
    this.#handler.end()
  }
}

function textOf(data: Buffer): string {
  const end = data.indexOf(0)
  return data.toString('utf8', 0, end < 0 ? data.length : end)
}
