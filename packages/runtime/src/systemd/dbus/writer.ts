// SPDX-License-Identifier: Apache-2.0
import { alignmentOf, completeTypes, type DbusValue, type Variant } from './signature.ts'

/** Marshals values, little-endian, each aligned from the beginning. @internal */
export class DbusWriter {
  #buffer = Buffer.alloc(256)
  #length = 0

  /** What was written so far. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  /** Writes a value of each complete type of a signature. Throws `RangeError` or `TypeError` for one that does not fit. */
  values(signature: string, values: readonly DbusValue[]): this {
    const types = completeTypes(signature)
    if (types.length !== values.length) throw new RangeError(`${values.length} values for the D-Bus type ${signature}`)
    for (const [index, type] of types.entries()) this.#value(type, values[index] as DbusValue)
    return this
  }

  /** Pads to a multiple of `alignment`. */
  align(alignment: number): this {
    const padding = (alignment - (this.#length % alignment)) % alignment
    this.#reserve(padding).fill(0)
    return this
  }

  #value(type: string, value: DbusValue): void {
    switch (type[0]) {
      case 'y':
        this.#reserve(1).writeUInt8(value as number)
        break
      case 'b':
        this.#uint32(value === true ? 1 : 0)
        break
      case 'q':
        this.align(2)
          .#reserve(2)
          .writeUInt16LE(value as number)
        break
      case 'n':
        this.align(2)
          .#reserve(2)
          .writeInt16LE(value as number)
        break
      case 'i':
        this.align(4)
          .#reserve(4)
          .writeInt32LE(value as number)
        break
      case 'u':
        this.#uint32(value as number)
        break
      case 'x':
        this.align(8)
          .#reserve(8)
          .writeBigInt64LE(value as bigint)
        break
      case 't':
        this.align(8)
          .#reserve(8)
          .writeBigUInt64LE(value as bigint)
        break
      case 's':
      case 'o':
        this.#uint32(Buffer.byteLength(value as string))
        this.#text(value as string)
        break
      case 'g':
        this.#signature(value as string)
        break
      case 'v':
        this.#variant(value as Variant)
        break
      case 'a':
        this.#array(type.slice(1), value as readonly DbusValue[] | Uint8Array)
        break
      default:
        this.#struct(type, value as readonly DbusValue[])
    }
  }

  #struct(type: string, value: readonly DbusValue[]): void {
    if (type[0] !== '(' && type[0] !== '{') throw new RangeError(`D-Bus type ${type} is not supported`)
    this.align(8).values(type.slice(1, -1), value)
  }

  #variant({ signature, value }: Variant): void {
    this.#signature(signature)
    this.values(signature, [value])
  }

  #array(type: string, items: readonly DbusValue[] | Uint8Array): void {
    this.#uint32(0)
    const lengthAt = this.#length - 4
    this.align(alignmentOf(type))
    const start = this.#length
    if (items instanceof Uint8Array) this.#reserve(items.length).set(items)
    else for (const item of items) this.#value(type, item)
    this.#buffer.writeUInt32LE(this.#length - start, lengthAt)
  }

  #signature(signature: string): void {
    this.#reserve(1).writeUInt8(signature.length)
    this.#text(signature)
  }

  #text(text: string): void {
    if (text.includes('\0')) throw new RangeError('a D-Bus string has no NUL')
    const bytes = Buffer.from(`${text}\0`)
    this.#reserve(bytes.length).set(bytes)
  }

  #uint32(value: number): void {
    this.align(4).#reserve(4).writeUInt32LE(value)
  }

  #reserve(count: number): Buffer {
    const end = this.#length + count
    if (end > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * this.#buffer.length))
      this.#buffer.copy(larger, 0, 0, this.#length)
      this.#buffer = larger
    }
    const place = this.#buffer.subarray(this.#length, end)
    this.#length = end
    return place
  }
}
