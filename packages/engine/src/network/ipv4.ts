// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import ipaddr from 'ipaddr.js'

/** An IPv4 network: its first address as a number, and how many bits of it are fixed. */
export interface Subnet {
  base: number
  prefixLength: number
}

/** An IPv4 address as an unsigned number. `invalid-argument` for anything but four decimal parts. */
export function parseAddress(text: string): number {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text))
    throw new StackError('invalid-argument', `invalid IPv4 address: ${text}`)
  return ipaddr.IPv4.parse(text)
    .toByteArray()
    .reduce((number, byte) => number * 256 + byte, 0)
}

/** The text of an address. */
export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.')
}

/** How many addresses a network has, its own and the broadcast one among them. */
export function sizeOf({ prefixLength }: Subnet): number {
  return 2 ** (32 - prefixLength)
}

/** The network of an address: the address with its host part cleared. */
export function networkOf(address: number, prefixLength: number): Subnet {
  const size = 2 ** (32 - prefixLength)
  return { base: address - (address % size), prefixLength }
}

/** Reads `10.0.0.5/24` as the address and its network. `invalid-argument` for anything else. */
export function parseCidr(text: string): { address: number; subnet: Subnet } {
  const [, address = '', length = ''] = /^([0-9.]+)\/([0-9]{1,2})$/.exec(text) ?? []
  const prefixLength = Number(length)
  if (address === '' || prefixLength > 32) throw new StackError('invalid-argument', `invalid CIDR address: ${text}`)
  const number = parseAddress(address)
  return { address: number, subnet: networkOf(number, prefixLength) }
}

/** `172.17.0.0/16` */
export function formatSubnet({ base, prefixLength }: Subnet): string {
  return `${formatAddress(base)}/${prefixLength}`
}

/** Whether two networks share an address. */
export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.base < b.base + sizeOf(b) && b.base < a.base + sizeOf(a)
}
