// SPDX-License-Identifier: Apache-2.0
import { attributeText, decodeNetlinkAttributes, NetlinkAttributes } from '../attributes.ts'
import { linkAttribute as ifla, linkInfoAttribute as info, vethPeer } from './constants.ts'
import { type BridgeInit, type Link, type LinkChange, linkFlags, type VethInit } from './link.ts'

const headerSize = 16
const operStates = ['unknown', 'notpresent', 'down', 'lowerlayerdown', 'testing', 'dormant', 'up'] as const
const longestName = 15

/** struct ifinfomsg. @internal */
function linkHeader(index = 0, flags = 0, change = 0): Buffer {
  const header = Buffer.alloc(headerSize)
  header.writeInt32LE(index, 4)
  header.writeUInt32LE(flags, 8)
  header.writeUInt32LE(change, 12)
  return header
}

/** Asks for one interface, or for all of them. Throws `ENODEV` later when there is none. @internal */
export function encodeLinkQuery(query: { index?: number; name?: string }): Buffer {
  const attributes = new NetlinkAttributes()
  if (query.name !== undefined) attributes.text(ifla.name, validName(query.name))
  return Buffer.concat([linkHeader(query.index), attributes.toBuffer()])
}

/** @internal */
export function encodeBridge(init: BridgeInit): Buffer {
  const attributes = new NetlinkAttributes().text(ifla.name, validName(init.name))
  common(attributes, init).nested(ifla.linkInfo, (inner) => inner.text(info.kind, 'bridge'))
  return Buffer.concat([linkHeader(), attributes.toBuffer()])
}

/** @internal */
export function encodeVeth(init: VethInit): Buffer {
  const attributes = new NetlinkAttributes().text(ifla.name, validName(init.name))
  common(attributes, init)
  if (init.master !== undefined) attributes.u32(ifla.master, init.master)
  attributes.nested(ifla.linkInfo, (inner) =>
    inner.text(info.kind, 'veth').nested(info.data, (data) => data.bytes(vethPeer, encodePeer(init.peer))),
  )
  return Buffer.concat([linkHeader(), attributes.toBuffer()])
}

function encodePeer(peer: VethInit['peer']): Buffer {
  const attributes = new NetlinkAttributes().text(ifla.name, validName(peer.name))
  common(attributes, peer)
  if (peer.netnsFd !== undefined) attributes.u32(ifla.netNsFd, peer.netnsFd)
  return Buffer.concat([linkHeader(), attributes.toBuffer()])
}

function common(attributes: NetlinkAttributes, init: { mtu?: number; mac?: string }): NetlinkAttributes {
  if (init.mtu !== undefined) attributes.u32(ifla.mtu, init.mtu)
  if (init.mac !== undefined) attributes.bytes(ifla.address, encodeMac(init.mac))
  return attributes
}

/** @internal */
export function encodeLinkChange(index: number, change: LinkChange): Buffer {
  const attributes = common(new NetlinkAttributes(), change)
  if (change.name !== undefined) attributes.text(ifla.name, validName(change.name))
  if (change.master !== undefined) attributes.u32(ifla.master, change.master)
  if (change.netnsPid !== undefined) attributes.u32(ifla.netNsPid, change.netnsPid)
  if (change.netnsFd !== undefined) attributes.u32(ifla.netNsFd, change.netnsFd)
  const header = linkHeader(index, change.up ? linkFlags.up : 0, change.up === undefined ? 0 : linkFlags.up)
  return Buffer.concat([header, attributes.toBuffer()])
}

/** @internal */
export function decodeLink(payload: Buffer): Link {
  const flags = payload.readUInt32LE(8)
  const link: Link = {
    index: payload.readInt32LE(4),
    name: '',
    kind: payload.readUInt16LE(2) === 772 ? 'loopback' : '',
    flags,
    up: (flags & linkFlags.up) !== 0,
    mtu: 0,
    mac: '',
    master: 0,
    peerIndex: 0,
    operState: 'unknown',
  }
  for (const attribute of decodeNetlinkAttributes(payload, headerSize)) {
    const { type, data } = attribute
    if (type === ifla.name) link.name = attributeText(attribute)
    else if (type === ifla.mtu) link.mtu = data.readUInt32LE()
    else if (type === ifla.address) link.mac = decodeMac(data)
    else if (type === ifla.master) link.master = data.readUInt32LE()
    else if (type === ifla.link) link.peerIndex = data.readUInt32LE()
    else if (type === ifla.linkNetnsId) link.linkNetnsId = data.readInt32LE()
    else if (type === ifla.operState) link.operState = operStates[data.readUInt8()] ?? 'unknown'
    else if (type === ifla.linkInfo) link.kind = kindOf(data)
  }
  return link
}

function kindOf(linkInfo: Buffer): string {
  const kind = decodeNetlinkAttributes(linkInfo).find(({ type }) => type === info.kind)
  return kind ? attributeText(kind) : ''
}

function encodeMac(mac: string): Buffer {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac)) throw new Error(`invalid link address: ${mac}`)
  return Buffer.from(mac.replaceAll(':', ''), 'hex')
}

function decodeMac(bytes: Buffer): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}

// The kernel would cut a long name short, and the caller would then not find the interface it made.
function validName(name: string): string {
  if (Buffer.byteLength(name) > longestName || !/^[^\s/:]+$/.test(name) || name === '.' || name === '..') {
    throw new Error(`invalid interface name: ${name}`)
  }
  return name
}
