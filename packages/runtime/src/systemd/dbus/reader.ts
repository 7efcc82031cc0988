// SPDX-License-Identifier: Apache-2.0
import { alignmentOf, completeTypes, type DbusValue } from './signature.ts'

/** Reads what {@link DbusWriter} writes, in either byte order. Throws `RangeError` for what is malformed. @internal */
export class DbusReader {
  readonly #bytes: Buffer
  readonly #little: boolean
  #at = 0

  constructor(bytes: Buffer, little: boolean) {
    this.#bytes = bytes
    this.#little = little
  }

  /** Reads a value of each complete type of a signature. */
  values(signature: string): DbusValue[] {
    return completeTypes(signature).map((type) => this.#value(type))
  }

  #value(type: string): DbusValue {
    this.#align(alignmentOf(type))
    switch (type[0]) {
      case 'y':
        return this.#take(1).readUInt8()
      case 'b':
        return this.#uint32() !== 0
      case 'n':
        return this.#little ? this.#take(2).readInt16LE() : this.#take(2).readInt16BE()
      case 'q':
        return this.#little ? this.#take(2).readUInt16LE() : this.#take(2).readUInt16BE()
      case 'i':
        return this.#uint32() | 0
      case 'u':
      case 'h':
        return this.#uint32()
      case 'x':
        return this.#little ? this.#take(8).readBigInt64LE() : this.#take(8).readBigInt64BE()
      case 't':
        return this.#little ? this.#take(8).readBigUInt64LE() : this.#take(8).readBigUInt64BE()
      case 'd':
        return this.#little ? this.#take(8).readDoubleLE() : this.#take(8).readDoubleBE()
      case 's':
      case 'o':
        return this.#text(this.#uint32())
      case 'g':
        return this.#text(this.#take(1).readUInt8())
      case 'v':
        return this.#variant()
      case 'a':
        return this.#array(type.slice(1))
      default:
        return this.values(type.slice(1, -1))
    }
  }

  #variant(): DbusValue {
    const signature = this.#text(this.#take(1).readUInt8())
    const [value, ...more] = this.values(signature)
    if (value === undefined || more.length > 0) throw new RangeError('a D-Bus variant holds one value')
    return { signature, value }
  }

  #array(type: string): DbusValue {
    const length = this.#uint32()
    this.#align(alignmentOf(type))
    const end = this.#at + length
    if (end > this.#bytes.length) throw new RangeError('a D-Bus array is cut off')
    if (type === 'y') return Uint8Array.from(this.#take(length))
    const items: DbusValue[] = []
    while (this.#at < end) items.push(this.#value(type))
    if (this.#at !== end) throw new RangeError('a D-Bus array ends within a value')
    return items
  }

  #text(length: number): string {
    return this.#take(length + 1).toString('utf8', 0, length)
  }

  #uint32(): number {
    return this.#little ? this.#take(4).readUInt32LE() : this.#take(4).readUInt32BE()
  }

  #align(alignment: number): void {
    this.#at += (alignment - (this.#at % alignment)) % alignment
  }

  #take(count: number): Buffer {
    const end = this.#at + count
    if (end > this.#bytes.length) throw new RangeError('a D-Bus message is cut off')
    const bytes = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return bytes
  }
}
