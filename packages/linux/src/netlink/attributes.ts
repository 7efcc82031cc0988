// SPDX-License-Identifier: Apache-2.0
import { align4 } from './message.ts'

/** Bit of an attribute type that says: contains attributes. @public */
export const nestedAttribute = 0x8000

/** One attribute, decoded only as far as its header. @public */
export interface NetlinkAttribute {
  /** Without the nested and byte order bits. */
  type: number
  data: Buffer
}

/**
 * Builds a list of attributes. Integers are little endian but for the `Be` ones. Every method returns the list itself.
 *
 * @example new NetlinkAttributes().text(3, 'eth0').u32(4, 1500).toBuffer()
 * @public
 */
export class NetlinkAttributes {
  readonly #parts: Buffer[] = []

  bytes(type: number, value: Uint8Array): this {
    const part = Buffer.alloc(align4(4 + value.length))
    part.writeUInt16LE(4 + value.length, 0)
    part.writeUInt16LE(type, 2)
    part.set(value, 4)
    this.#parts.push(part)
    return this
  }

  flag(type: number): this {
    return this.bytes(type, Buffer.alloc(0))
  }

  u8(type: number, value: number): this {
    return this.bytes(type, Buffer.of(value))
  }

  u16(type: number, value: number): this {
    const bytes = Buffer.alloc(2)
    bytes.writeUInt16LE(value)
    return this.bytes(type, bytes)
  }

  u16Be(type: number, value: number): this {
    const bytes = Buffer.alloc(2)
    bytes.writeUInt16BE(value)
    return this.bytes(type, bytes)
  }

  u32(type: number, value: number): this {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value >>> 0)
    return this.bytes(type, bytes)
  }

  u32Be(type: number, value: number): this {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value >>> 0)
    return this.bytes(type, bytes)
  }

  u64Be(type: number, value: bigint): this {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(value)
    return this.bytes(type, bytes)
  }

  /** Text with its final zero. */
  text(type: number, value: string): this {
    return this.bytes(type, Buffer.from(`${value}\0`))
  }

  nested(type: number, fill: (attributes: NetlinkAttributes) => void): this {
    const inner = new NetlinkAttributes()
    fill(inner)
    return this.bytes(type | nestedAttribute, inner.toBuffer())
  }

  toBuffer(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

/** Decodes a list of attributes, from `offset` to the end. Throws when a length does not fit. @public */
export function decodeNetlinkAttributes(bytes: Buffer, offset = 0): NetlinkAttribute[] {
  const attributes: NetlinkAttribute[] = []
  for (let at = offset; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at)
    if (length < 4 || at + length > bytes.length) throw new Error('netlink attribute has an impossible length')
    attributes.push({ type: bytes.readUInt16LE(at + 2) & 0x3fff, data: bytes.subarray(at + 4, at + length) })
    at += align4(length)
  }
  return attributes
}

/** The text of an attribute, without its final zero. @public */
export function attributeText(attribute: NetlinkAttribute): string {
  const { data } = attribute
  return data.toString('utf8', 0, data.at(-1) === 0 ? data.length - 1 : data.length)
}
