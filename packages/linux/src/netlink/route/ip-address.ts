// SPDX-License-Identifier: Apache-2.0
import { isIPv4, isIPv6 } from 'node:net'

/** An address in bytes. @internal */
export interface IpBytes {
  family: 4 | 6
  bytes: Buffer
}

/** The bytes of a textual address. Throws when it is none. @internal */
export function encodeIp(text: string): IpBytes {
  if (isIPv4(text)) return { family: 4, bytes: Buffer.from(text.split('.').map(Number)) }
  if (isIPv6(text) && !text.includes('%')) return { family: 6, bytes: encodeIpv6(text) }
  throw new Error(`invalid IP address: ${text}`)
}

/** The text of an address in its shortest form (RFC 5952). @internal */
export function decodeIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups: string[] = []
  for (let i = 0; i < 16; i += 2) groups.push((((bytes[i] as number) << 8) | (bytes[i + 1] as number)).toString(16))
  return compress(groups)
}

/** An address with its prefix length, `10.0.0.1/24`; without one it is a single address. @internal */
export function encodeCidr(text: string): IpBytes & { prefixLength: number } {
  const slash = text.indexOf('/')
  const ip = encodeIp(slash < 0 ? text : text.slice(0, slash))
  const longest = ip.family === 4 ? 32 : 128
  const digits = slash < 0 ? String(longest) : text.slice(slash + 1)
  const prefixLength = /^\d{1,3}$/.test(digits) ? Number(digits) : 129
  if (prefixLength > longest) throw new Error(`invalid prefix length: ${text}`)
  return { ...ip, prefixLength }
}

function encodeIpv6(text: string): Buffer {
  const [head = '', tail] = text.split('::')
  const front = words(head)
  const back = tail === undefined ? [] : words(tail)
  const zeros = new Array<number>(tail === undefined ? 0 : 8 - front.length - back.length).fill(0)
  const bytes = Buffer.alloc(16)
  for (const [i, word] of [...front, ...zeros, ...back].entries()) bytes.writeUInt16BE(word, i * 2)
  return bytes
}

function words(part: string): number[] {
  if (part === '') return []
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [(a << 8) | b, (c << 8) | d]
  })
}

// The longest run of at least two zero groups, the first of several equal ones, becomes `::`.
function compress(groups: readonly string[]): string {
  let best = { start: 0, length: 1 }
  for (let i = 0; i < groups.length; i++) {
    let length = 0
    while (groups[i + length] === '0') length++
    if (length > best.length) best = { start: i, length }
    i += length
  }
  if (best.length < 2) return groups.join(':')
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`
}
