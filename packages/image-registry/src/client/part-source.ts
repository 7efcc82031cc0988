// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Descriptor } from '@teu/oci-spec/image'

interface Reading {
  iterator: AsyncIterator<Uint8Array>
  /** Read, and not handed over. */
  left: Uint8Array
  /** Where `left` begins in the blob. */
  position: number
  /** Whether a part is being read; one that was abandoned in the middle of it stays so. */
  busy: boolean
}

/**
 * A blob's bytes, part by part. Parts that follow each other come from one reading of the source, which may be costly
 * to open in the middle; any other part opens it anew. What it yields must be as long as was announced, or a connection
 * would be left in the middle of a request.
 *
 * @internal
 */
export class PartSource {
  readonly #descriptor: Descriptor
  readonly #open: (offset: number) => AsyncIterable<Uint8Array>
  readonly #onProgress: ((sent: number) => void) | undefined
  #reading: Reading | undefined
  /** What the source failed with, if it did: nothing that sending again could mend. */
  failure: { error: unknown } | undefined

  constructor(
    descriptor: Descriptor,
    open: (offset: number) => AsyncIterable<Uint8Array>,
    onProgress: ((sent: number) => void) | undefined,
  ) {
    this.#descriptor = descriptor
    this.#open = open
    this.#onProgress = onProgress
  }

  /** The bytes from `start` up to `end`. Throws `data-loss` when the source is shorter or longer than the blob. */
  async *part(start: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.#read(start, end)
    } catch (error) {
      this.failure = { error }
      throw error
    }
  }

  async *#read(start: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
    const reading = this.#at(start)
    reading.busy = true
    while (reading.position < end) {
      const chunk = await take(reading, end - reading.position)
      if (chunk === undefined) throw this.#wrong(`ended after ${reading.position} of ${this.#descriptor.size} bytes`)
      // Before the chunk is handed over: a request that breaks off does not come back here.
      reading.position += chunk.byteLength
      if (reading.position === this.#descriptor.size && (await take(reading, 1)) !== undefined)
        throw this.#wrong(`is longer than ${this.#descriptor.size} bytes`)
      yield chunk
      this.#onProgress?.(reading.position)
    }
    reading.busy = false
  }

  #at(start: number): Reading {
    const reading = this.#reading
    if (reading !== undefined && !reading.busy && reading.position === start) return reading
    this.close()
    const iterator = this.#open(start)[Symbol.asyncIterator]()
    this.#reading = { iterator, left: new Uint8Array(), position: start, busy: false }
    return this.#reading
  }

  #wrong(what: string): StackError {
    return new StackError('data-loss', `${this.#descriptor.digest}: source ${what}`)
  }

  /** Lets go of the source. It is not waited for: one that hangs answers after its next chunk only. */
  close(): void {
    const reading = this.#reading
    this.#reading = undefined
    void Promise.resolve(reading?.iterator.return?.()).catch(() => {})
  }
}

async function take(reading: Reading, most: number): Promise<Uint8Array | undefined> {
  while (reading.left.byteLength === 0) {
    const { done, value } = await reading.iterator.next()
    if (done) return undefined
    reading.left = value
  }
  const chunk = reading.left.subarray(0, most)
  reading.left = reading.left.subarray(chunk.byteLength)
  return chunk
}
