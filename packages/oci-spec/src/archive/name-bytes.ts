// SPDX-License-Identifier: Apache-2.0
import { isUtf8 } from 'node:buffer'

/** Where the escapes of single bytes begin: byte 0x80 is U+DC80, byte 0xff is U+DCFF. */
const escapeBase = 0xdc00

/**
 * The text that stands for the bytes of a name, without loss. Names on Linux and in archives are bytes. What is UTF-8
 * in them becomes its text; each byte that is part of no valid sequence becomes one code unit from U+DC80 to U+DCFF,
 * which no valid text has. `@teu/linux` gives names the same form, so both can be compared and joined.
 *
 * @public
 */
export function nameOfBytes(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (isUtf8(buffer)) return buffer.toString()
  let name = ''
  for (let at = 0; at < buffer.length; ) {
    const length = sequenceLength(buffer, at)
    name += length === 0 ? String.fromCharCode(escapeBase + buffer[at]!) : buffer.toString('utf8', at, at + length)
    at += Math.max(1, length)
  }
  return name
}

/** The bytes that a name of {@link nameOfBytes} stands for. Text without escapes becomes its UTF-8. @public */
export function bytesOfName(name: string): Buffer {
  if (name.isWellFormed()) return Buffer.from(name)
  const parts: Buffer[] = []
  for (const character of name) {
    const code = character.charCodeAt(0)
    const escaped = character.length === 1 && code >= escapeBase + 0x80 && code <= escapeBase + 0xff
    parts.push(escaped ? Buffer.of(code - escapeBase) : Buffer.from(character))
  }
  return Buffer.concat(parts)
}

/** The order of names by their bytes, which is the same in every locale. @public */
export function compareNames(a: string, b: string): number {
  return Buffer.compare(bytesOfName(a), bytesOfName(b))
}

/** How many bytes the valid sequence at this place has; 0 when there is none. */
function sequenceLength(buffer: Buffer, at: number): number {
  const lead = buffer[at]!
  const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
  return at + length <= buffer.length && isUtf8(buffer.subarray(at, at + length)) ? length : 0
}
