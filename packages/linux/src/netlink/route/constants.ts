// SPDX-License-Identifier: Apache-2.0

/** Message types of rtnetlink(7). @internal */
export const routeTypes = {
  newLink: 16,
  delLink: 17,
  getLink: 18,
  newAddress: 20,
  delAddress: 21,
  getAddress: 22,
  newRoute: 24,
  delRoute: 25,
  getRoute: 26,
} as const

/** Attributes of an interface (IFLA_*). @internal */
export const linkAttribute = {
  address: 1,
  name: 3,
  mtu: 4,
  link: 5,
  master: 10,
  operState: 16,
  linkInfo: 18,
  netNsPid: 19,
  netNsFd: 28,
  linkNetnsId: 37,
} as const

/** Attributes inside IFLA_LINKINFO. @internal */
export const linkInfoAttribute = { kind: 1, data: 2 } as const

/** Attribute of a veth's IFLA_INFO_DATA that describes its peer. @internal */
export const vethPeer = 1

/** Attributes of an address (IFA_*). @internal */
export const addressAttribute = { address: 1, local: 2, broadcast: 4, flags: 8 } as const

/** Attributes of a route (RTA_*). @internal */
export const routeAttribute = {
  destination: 1,
  outInterface: 4,
  gateway: 5,
  priority: 6,
  preferredSource: 7,
  table: 15,
} as const

/** Address families. @internal */
export const family = { unspecified: 0, inet: 2, inet6: 10 } as const
