// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { isErrno, type Link, type RouteNetlink, setSysctlInNetns } from '@teu/linux'

/** What the bridge is to look like. */
export interface BridgeShape {
  name: string
  /** Its own address with prefix, as `172.17.0.1/16`. */
  address: string
  /** Fixed, because one that the kernel derives changes with every port, and containers remember it. */
  mac: string
  mtu: number
}

/** The network namespace of this process, for settings below /proc/sys/net. */
const ownNetns = '/proc/self/ns/net'

/** Sets a sysctl as far as the kernel and the host allow; without IPv6 there is nothing to turn off. */
export function trySysctl(netns: string, key: string, value: string): void {
  try {
    setSysctlInNetns(netns, key, value)
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'EROFS', 'EACCES', 'EPERM')) throw error
  }
}

function create(net: RouteNetlink, { name, mtu, mac }: BridgeShape): Link {
  try {
    return net.createBridge({ name, mtu, mac })
  } catch (error) {
    if (isErrno(error, 'EPERM')) {
      throw new StackError('permission-denied', `making the bridge ${name} needs CAP_NET_ADMIN`, { cause: error })
    }
    throw error
  }
}

/** Adds the address that is wanted and removes any other of IPv4, of which an old setting may have left one. */
function fixAddress(net: RouteNetlink, { index }: Link, wanted: string): void {
  const present = net
    .addresses(index)
    .filter(({ family }) => family === 4)
    .map(({ address, prefixLength }) => `${address}/${prefixLength}`)
  if (!present.includes(wanted)) net.addAddress({ linkIndex: index, address: wanted })
  for (const address of present) if (address !== wanted) net.deleteAddress({ linkIndex: index, address })
}

/**
 * Sees to it that the bridge is there, has its address and is up; what is right already is not touched.
 *
 * @returns the bridge, and whether it had to be made
 */
export function ensureBridge(net: RouteNetlink, shape: BridgeShape): { link: Link; created: boolean } {
  const before = net.link(shape.name)
  if (before && before.kind !== 'bridge') {
    throw new StackError('failed-precondition', `interface ${shape.name} exists and is no bridge`)
  }
  const link = before ?? create(net, shape)
  if (!before) {
    // An IPv4 bridge takes no part in IPv6, and believes no router of its containers.
    trySysctl(ownNetns, `net/ipv6/conf/${shape.name}/accept_ra`, '0')
    trySysctl(ownNetns, `net/ipv6/conf/${shape.name}/disable_ipv6`, '1')
  }
  fixAddress(net, link, shape.address)
  if (!link.up) net.setLink(link.index, { up: true })
  return { link, created: !before }
}
