// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** Magic numbers, as they are read in little-endian order (RFC 8878, 3.1). */
const frameMagic = 0xfd2fb528
const skippableMagic = 0x184d2a50

/** What the next bytes are. `size` counts down to the end of a part whose length is known. */
type State =
  | { part: 'magic' | 'skippable size' | 'header' | 'block header' }
  | { part: 'skippable' | 'block' | 'last block' | 'checksum'; size: number }

/**
 * Cuts a zstd stream where its frames end, and leaves out those that are to be skipped: Node's decoder does not go on
 * behind a frame that ends in the middle of a chunk, and drops what follows without a word. What lies between is not
 * looked at. Throws `data-loss` for what is no frame, and for a stream that is cut off.
 *
 * @internal
 */
export async function* zstdFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const scanner = new Scanner()
  for await (const chunk of source) {
    let from = 0
    for (let at = 0; at < chunk.byteLength; ) {
      const { length, content, held } = scanner.take(chunk, at)
      if (held !== undefined) yield held
      at += length
      if (!content) from = at
      else if (scanner.isBetweenFrames || at === chunk.byteLength) {
        yield chunk.subarray(from, at)
        from = at
      }
    }
  }
  scanner.finish()
}

interface Taken {
  /** Bytes of the chunk that were taken. */
  length: number
  /** Whether they are a frame's. */
  content: boolean
  /** Bytes of earlier chunks that turned out to be a frame's. */
  held?: Uint8Array
}

class Scanner {
  #state: State = { part: 'magic' }
  /** Bytes of a field that is not complete. */
  #field: number[] = []
  #hasChecksum = false

  take(chunk: Uint8Array, at: number): Taken {
    return 'size' in this.#state
      ? this.#takePart(this.#state, chunk.byteLength - at)
      : this.#takeField(chunk[at] as number)
  }

  get isBetweenFrames(): boolean {
    return this.#state.part === 'magic'
  }

  finish(): void {
    if (this.#state.part !== 'magic' || this.#field.length > 0) throw invalid('cut off')
  }

  #takePart(state: State & { size: number }, available: number): Taken {
    const length = Math.min(state.size, available)
    state.size -= length
    if (state.size === 0) this.#state = this.#after(state.part)
    return { length, content: state.part !== 'skippable' }
  }

  #after(part: State['part']): State {
    if (part === 'block') return { part: 'block header' }
    return part === 'last block' && this.#hasChecksum ? { part: 'checksum', size: 4 } : { part: 'magic' }
  }

  /** Fields are a few bytes, so that it does no harm to look at them one by one. */
  #takeField(byte: number): Taken {
    const { part } = this.#state
    this.#field.push(byte)
    if (this.#field.length < this.#lengthOf(part)) return { length: 1, content: isContent(part) }
    const field = this.#field
    this.#field = []
    if (part === 'magic') return this.#beginFrame(field)
    if (part === 'skippable size') this.#state = sized('skippable', number(field))
    else if (part === 'header') {
      this.#hasChecksum = ((field[0] as number) & 4) !== 0
      this.#state = { part: 'block header' }
    } else this.#beginBlock(number(field))
    return { length: 1, content: isContent(part) }
  }

  #lengthOf(part: State['part']): number {
    if (part === 'magic' || part === 'skippable size') return 4
    return part === 'header' ? headerLength(this.#field[0] as number) : 3
  }

  #beginFrame(field: number[]): Taken {
    const magic = number(field)
    if ((magic & 0xfffffff0) >>> 0 === skippableMagic) {
      this.#state = { part: 'skippable size' }
      return { length: 1, content: false }
    }
    if (magic !== frameMagic) throw invalid('followed by something that is no frame')
    this.#state = { part: 'header' }
    return { length: 1, content: false, held: Uint8Array.from(field) }
  }

  #beginBlock(header: number): void {
    const [isLast, type, size] = [(header & 1) === 1, (header >> 1) & 3, header >>> 3]
    if (type === 3) throw invalid('has a block of no known type')
    const part = isLast ? 'last block' : 'block'
    // Of a run there is one byte.
    const length = type === 1 ? 1 : size
    this.#state = length === 0 ? this.#after(part) : { part, size: length }
  }
}

function isContent(part: State['part']): boolean {
  return part === 'header' || part === 'block header'
}

function sized(part: 'skippable', size: number): State {
  return size === 0 ? { part: 'magic' } : { part, size }
}

/** The length of a frame's header by its first byte, that included. */
function headerLength(descriptor: number): number {
  const single = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3] as number
  const size = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] as number
  return 1 + (single ? 0 : 1) + dictionary + size
}

function number(field: readonly number[]): number {
  return field.reduceRight((value, byte) => value * 256 + byte, 0)
}

function invalid(what: string): StackError {
  return new StackError('data-loss', `zstd stream: ${what}`)
}
