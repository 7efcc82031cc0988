// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { RouteNetlink } from '@teu/linux'
import { formatAddress, overlaps, parseCidr, type Subnet } from './ipv4.ts'

/** The pools that Docker takes its networks from, in its order. */
export const candidateSubnets: readonly Subnet[] = [
  ...Array.from({ length: 15 }, (_, index) => parseCidr(`172.${17 + index}.0.0/16`).subnet),
  ...Array.from({ length: 16 }, (_, index) => parseCidr(`192.168.${index * 16}.0/20`).subnet),
]

/** The networks that the host reaches or is part of, except through the interfaces to leave out. */
export function usedSubnets(net: RouteNetlink, exceptLink?: number): Subnet[] {
  const routes = net
    .routes()
    .filter(
      ({ family, destination, linkIndex }) => family === 4 && destination !== undefined && linkIndex !== exceptLink,
    )
    .map(({ destination = '' }) => parseCidr(destination.includes('/') ? destination : `${destination}/32`).subnet)
  const addresses = net
    .addresses()
    .filter(({ family, linkIndex }) => family === 4 && linkIndex !== exceptLink)
    .map(({ address, prefixLength }) => parseCidr(`${address}/${prefixLength}`).subnet)
  return [...routes, ...addresses]
}

/** The first candidate that none of `used` overlaps. `failed-precondition` when all are taken. */
export function chooseSubnet(used: readonly Subnet[]): Subnet {
  const free = candidateSubnets.find((candidate) => !used.some((other) => overlaps(candidate, other)))
  if (!free) {
    throw new StackError(
      'failed-precondition',
      'could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network',
    )
  }
  return free
}

/** The address of the bridge itself: the first of its network. */
export function gatewayOf({ base }: Subnet): string {
  return formatAddress(base + 1)
}
