// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto'
import { closeSync, ftruncateSync, openSync, read, rmSync, write } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { StackError } from '@teu/errors'

const readAt = promisify(read)
const writeAt = promisify(write)

/** Bytes in a block. @internal */
export const blockSize = 256 * 1024

/**
 * Blocks of bytes outside of memory, in one file that has no name: however this process ends, nothing is left behind.
 * Blocks that were given back are used again, and the file becomes empty when all were.
 *
 * @internal
 */
export class SpillFile {
  readonly #directory: string
  #descriptor: number | undefined
  #free: number[] = []
  #blocks = 0
  readonly #working = new Set<Promise<unknown>>()

  constructor(directory: string = tmpdir()) {
    this.#directory = directory
  }

  take(): number {
    return this.#free.pop() ?? this.#blocks++
  }

  giveBack(blocks: readonly number[]): void {
    this.#free.push(...blocks)
    if (this.#free.length < this.#blocks) return
    this.#free = []
    this.#blocks = 0
    if (this.#descriptor !== undefined) ftruncateSync(this.#descriptor, 0)
  }

  async write(block: number, offset: number, bytes: Uint8Array): Promise<void> {
    await this.#tracked(writeAll(this.#open(), bytes, block * blockSize + offset))
  }

  async read(block: number, offset: number, target: Buffer): Promise<Buffer> {
    const work = readAt(this.#open(), target, 0, target.byteLength, block * blockSize + offset)
    const { bytesRead } = await this.#tracked(work)
    if (bytesRead !== target.byteLength) throw new StackError('data-loss', 'the file of spilled bytes is too short')
    return target
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#working)
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  /** The file must not be closed, and its number given to another, under a call that is on its way. */
  async #tracked<T>(work: Promise<T>): Promise<T> {
    this.#working.add(work)
    try {
      return await work
    } finally {
      this.#working.delete(work)
    }
  }

  #open(): number {
    if (this.#descriptor !== undefined) return this.#descriptor
    const name = path.join(this.#directory, `teu-registry-${randomUUID()}`)
    this.#descriptor = openSync(name, 'wx+', 0o600)
    rmSync(name)
    return this.#descriptor
  }
}

async function writeAll(descriptor: number, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0
  while (done < bytes.byteLength) {
    const { bytesWritten } = await writeAt(descriptor, bytes, done, bytes.byteLength - done, position + done)
    done += bytesWritten
  }
}
