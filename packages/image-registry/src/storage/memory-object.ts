// SPDX-License-Identifier: Apache-2.0
import type { ByteRange } from '@teu/oci-spec/distribution'
import { readAhead } from './read-ahead.ts'
import { blockSize, type SpillFile } from './spill-file.ts'

/** Objects over this many bytes lie in the spill file. */
const spillOver = 1024 * 1024

/**
 * An object of the memory storage: small ones are buffers, longer ones blocks of a file. Its blocks are given back when it was
 * removed and nobody reads it any more.
 *
 * @internal
 */
export class MemoryObject {
  readonly #spill: SpillFile
  #chunks: Buffer[] = []
  #blocks: number[] | undefined
  #users = 0
  #isRemoved = false
  size = 0
  modified = Date.now()

  constructor(spill: SpillFile) {
    this.#spill = spill
  }

  /** Adds a stream at the end. */
  async append(source: AsyncIterable<Uint8Array>): Promise<void> {
    this.#users++
    try {
      for await (const chunk of source) await this.#add(chunk)
    } finally {
      this.modified = Date.now()
      this.#leave()
    }
  }

  async *read(range: ByteRange = { start: 0, end: this.size - 1 }): AsyncGenerator<Uint8Array> {
    this.#users++
    try {
      if (this.#blocks === undefined) yield* slices(this.#chunks, range)
      else yield* readAhead(async () => this.#randomAccess(), range)
    } finally {
      this.#leave()
    }
  }

  remove(): void {
    this.#isRemoved = true
    if (this.#users === 0) this.#giveBack()
  }

  #leave(): void {
    this.#users--
    if (this.#isRemoved && this.#users === 0) this.#giveBack()
  }

  #giveBack(): void {
    this.#spill.giveBack(this.#blocks ?? [])
    this.#blocks = []
    this.#chunks = []
  }

  async #add(chunk: Uint8Array): Promise<void> {
    if (this.#blocks === undefined && this.size + chunk.byteLength <= spillOver) {
      this.#chunks.push(Buffer.from(chunk))
      this.size += chunk.byteLength
      return
    }
    if (this.#blocks === undefined) await this.#spillOver()
    await this.#write(chunk)
  }

  async #spillOver(): Promise<void> {
    const chunks = this.#chunks
    this.#blocks = []
    this.size = 0
    for (const chunk of chunks) await this.#write(chunk)
    this.#chunks = []
  }

  async #write(chunk: Uint8Array): Promise<void> {
    const blocks = this.#blocks as number[]
    for (let done = 0; done < chunk.byteLength; ) {
      const offset = this.size % blockSize
      if (offset === 0) blocks.push(this.#spill.take())
      const part = chunk.subarray(done, done + blockSize - offset)
      await this.#spill.write(blocks.at(-1) as number, offset, part)
      done += part.byteLength
      this.size += part.byteLength
    }
  }

  #randomAccess() {
    const fill = async (buffer: Buffer, position: number) => {
      for (let done = 0; done < buffer.byteLength; ) {
        const offset = (position + done) % blockSize
        const block = (this.#blocks as number[])[Math.floor((position + done) / blockSize)] as number
        const part = buffer.subarray(done, done + blockSize - offset)
        await this.#spill.read(block, offset, part)
        done += part.byteLength
      }
    }
    return { size: async () => this.size, fill, close: async () => {} }
  }
}

async function* slices(chunks: readonly Buffer[], { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
  let at = 0
  for (const chunk of [...chunks]) {
    const [from, to] = [Math.max(start - at, 0), Math.min(end + 1 - at, chunk.byteLength)]
    if (from < to) yield chunk.subarray(from, to)
    at += chunk.byteLength
  }
}
