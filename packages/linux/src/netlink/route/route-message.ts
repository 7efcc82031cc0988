// SPDX-License-Identifier: Apache-2.0
import { decodeNetlinkAttributes, NetlinkAttributes } from '../attributes.ts'
import { family, routeAttribute as rta } from './constants.ts'
import { decodeIp, encodeCidr, encodeIp, type IpBytes } from './ip-address.ts'
import type { Route, RouteInit } from './link.ts'

const headerSize = 12
const mainTable = 254
const bootProtocol = 3
const unicast = 1
const scopeLink = 253
const onLinkFlag = 4

/** struct rtmsg with its attributes. @internal */
export function encodeRoute(init: RouteInit): Buffer {
  const destination = init.destination === undefined ? undefined : encodeCidr(init.destination)
  const gateway = init.gateway === undefined ? undefined : encodeIp(init.gateway)
  const table = init.table ?? mainTable
  const header = Buffer.alloc(headerSize)
  header.writeUInt8(familyOf(init, destination, gateway) === 4 ? family.inet : family.inet6, 0)
  header.writeUInt8(destination?.prefixLength ?? 0, 1)
  header.writeUInt8(table < 256 ? table : 0, 4)
  header.writeUInt8(bootProtocol, 5)
  header.writeUInt8(gateway ? 0 : scopeLink, 6)
  header.writeUInt8(unicast, 7)
  header.writeUInt32LE(init.onLink ? onLinkFlag : 0, 8)
  const attributes = new NetlinkAttributes()
  if (destination) attributes.bytes(rta.destination, destination.bytes)
  if (gateway) attributes.bytes(rta.gateway, gateway.bytes)
  if (init.linkIndex !== undefined) attributes.u32(rta.outInterface, init.linkIndex)
  if (init.source !== undefined) attributes.bytes(rta.preferredSource, encodeIp(init.source).bytes)
  if (init.metric !== undefined) attributes.u32(rta.priority, init.metric)
  if (table > 255) attributes.u32(rta.table, table)
  return Buffer.concat([header, attributes.toBuffer()])
}

function familyOf(init: RouteInit, destination?: IpBytes, gateway?: IpBytes): 4 | 6 {
  if (destination && gateway && destination.family !== gateway.family) {
    throw new Error(`route ${init.destination} cannot go through ${init.gateway}`)
  }
  return init.family ?? destination?.family ?? gateway?.family ?? 4
}

/** @internal */
export function decodeRoute(payload: Buffer): Route {
  const attributes = new Map(decodeNetlinkAttributes(payload, headerSize).map(({ type, data }) => [type, data]))
  const destination = attributes.get(rta.destination)
  const gateway = attributes.get(rta.gateway)
  const source = attributes.get(rta.preferredSource)
  const metric = attributes.get(rta.priority)
  return {
    family: payload.readUInt8(0) === family.inet ? 4 : 6,
    linkIndex: attributes.get(rta.outInterface)?.readUInt32LE() ?? 0,
    table: attributes.get(rta.table)?.readUInt32LE() ?? payload.readUInt8(4),
    protocol: payload.readUInt8(5),
    scope: payload.readUInt8(6),
    type: payload.readUInt8(7),
    ...(destination && { destination: `${decodeIp(destination)}/${payload.readUInt8(1)}` }),
    ...(gateway && { gateway: decodeIp(gateway) }),
    ...(source && { source: decodeIp(source) }),
    ...(metric && { metric: metric.readUInt32LE() }),
  }
}
