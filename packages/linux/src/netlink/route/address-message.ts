// SPDX-License-Identifier: Apache-2.0
import { decodeNetlinkAttributes, NetlinkAttributes } from '../attributes.ts'
import { family, addressAttribute as ifa } from './constants.ts'
import { decodeIp, encodeCidr, encodeIp } from './ip-address.ts'
import type { LinkAddress, LinkAddressInit } from './link.ts'

const headerSize = 8
const noDad = 0x02

/** struct ifaddrmsg with its attributes. @internal */
export function encodeAddress(init: LinkAddressInit): Buffer {
  const ip = encodeCidr(init.address)
  const header = Buffer.alloc(headerSize)
  header.writeUInt8(ip.family === 4 ? family.inet : family.inet6, 0)
  header.writeUInt8(ip.prefixLength, 1)
  header.writeUInt8(init.noDuplicateDetection ? noDad : 0, 2)
  header.writeUInt8(init.scope ?? 0, 3)
  header.writeUInt32LE(init.linkIndex, 4)
  const attributes = new NetlinkAttributes().bytes(ifa.local, ip.bytes).bytes(ifa.address, ip.bytes)
  if (init.broadcast !== undefined) attributes.bytes(ifa.broadcast, encodeIp(init.broadcast).bytes)
  return Buffer.concat([header, attributes.toBuffer()])
}

/** @internal */
export function decodeAddress(payload: Buffer): LinkAddress {
  const attributes = new Map(decodeNetlinkAttributes(payload, headerSize).map(({ type, data }) => [type, data]))
  // On a point-to-point link IFA_ADDRESS is the peer's; IPv6 has no IFA_LOCAL otherwise.
  const own = attributes.get(ifa.local) ?? attributes.get(ifa.address)
  const broadcast = attributes.get(ifa.broadcast)
  return {
    linkIndex: payload.readUInt32LE(4),
    family: payload.readUInt8(0) === family.inet ? 4 : 6,
    address: own ? decodeIp(own) : '',
    prefixLength: payload.readUInt8(1),
    scope: payload.readUInt8(3),
    ...(broadcast && { broadcast: decodeIp(broadcast) }),
  }
}
