// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises'
import path from 'node:path'
import type { ByteRange } from '@teu/oci-spec/distribution'

const chunkSize = 256 * 1024

/**
 * A blob on its way: written to a file that has no name any more, and read from there by all who want it, each at their
 * own pace, while it still comes. The last byte is held back until the whole was found to be right, so nobody ever gets
 * a complete blob that is wrong.
 *
 * @internal
 */
export class Download {
  readonly size: number
  readonly #file: FileHandle
  #written = 0
  #state: 'coming' | 'complete' | 'failed' = 'coming'
  #failure: unknown
  #users = 1
  #wake: (() => void)[] = []

  private constructor(file: FileHandle, size: number) {
    this.#file = file
    this.size = size
  }

  /** Makes room for a blob of a known length below a directory, which is made when it is missing. */
  static async into(directory: string, size: number): Promise<Download> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const place = path.join(directory, `blob-${randomUUID()}`)
    const file = await open(place, 'wx+', 0o600)
    await unlink(place)
    return new Download(file, size)
  }

  /** Takes the bytes in; throws what their source throws, as do all who read. */
  async fill(source: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of source) {
        const { bytesWritten } = await this.#file.write(chunk, 0, chunk.byteLength, this.#written)
        if (bytesWritten !== chunk.byteLength) throw Object.assign(new Error('short write'), { code: 'ENOSPC' })
        this.#written += bytesWritten
        this.#tell()
      }
      this.#state = 'complete'
    } catch (error) {
      this.#state = 'failed'
      this.#failure = error
      throw error
    } finally {
      this.#tell()
    }
  }

  /** The bytes, or a part of them, as they come. A chunk is valid until the next one is asked for. */
  async *read({ start, end }: ByteRange = { start: 0, end: this.size - 1 }): AsyncGenerator<Uint8Array> {
    this.#users++
    try {
      const buffer = Buffer.allocUnsafeSlow(Math.min(chunkSize, Math.max(1, end - start + 1)))
      // One is being sent while the next is read, so two are needed.
      const buffers = [buffer, Buffer.allocUnsafeSlow(buffer.byteLength)]
      for (let [at, turn] = [start, 0]; at <= end; turn ^= 1) {
        const available = await this.#available(at)
        const into = buffers[turn] as Buffer
        const length = Math.min(into.byteLength, available - at, end + 1 - at)
        const { bytesRead } = await this.#file.read(into, 0, length, at)
        yield into.subarray(0, bytesRead)
        at += bytesRead
      }
    } finally {
      await this.release()
    }
  }

  /** Lets go of the file; the last one closes it. Whoever made the download holds it once. */
  async release(): Promise<void> {
    if (--this.#users === 0) await this.#file.close()
  }

  /** Waits until there is something at a position that may be read; answers where that ends. */
  async #available(at: number): Promise<number> {
    for (;;) {
      if (this.#state === 'failed') throw this.#failure
      const end = this.#state === 'complete' ? this.size : Math.min(this.#written, this.size - 1)
      if (end > at) return end
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }

  #tell(): void {
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }
}
