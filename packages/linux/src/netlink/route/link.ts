// SPDX-License-Identifier: Apache-2.0

/** A network interface. @public */
export interface Link {
  index: number
  name: string
  /** `bridge`, `veth`, `loopback` for `lo`, ... ; empty for hardware. */
  kind: string
  /** Bits of {@link linkFlags}. */
  flags: number
  up: boolean
  mtu: number
  /** Colon-separated, lower case; empty where there is none. */
  mac: string
  /** Index of the bridge or bond it belongs to; 0 for none. */
  master: number
  /** Index of the other end of a veth, in the namespace `linkNetnsId` names; 0 for none. */
  peerIndex: number
  linkNetnsId?: number
  /** `up`, `down`, `unknown`, ... (RFC 2863). */
  operState: string
}

/** Flags of an interface (netdevice(7)). @public */
export const linkFlags = {
  up: 0x1,
  broadcast: 0x2,
  loopback: 0x8,
  pointToPoint: 0x10,
  running: 0x40,
  promiscuous: 0x100,
  multicast: 0x1000,
} as const

/** What to set on an interface; what is absent stays. @public */
export interface LinkChange {
  up?: boolean
  mtu?: number
  mac?: string
  /** Index of the bridge to join; 0 leaves it. */
  master?: number
  /** A new name; the interface must be down. */
  name?: string
  /** Moves it to the network namespace of this descriptor. */
  netnsFd?: number
  /** Moves it to the network namespace of this process. */
  netnsPid?: number
}

/** A bridge to make. @public */
export interface BridgeInit {
  name: string
  mtu?: number
  mac?: string
}

/** A pair of interfaces to make. @public */
export interface VethInit {
  name: string
  mtu?: number
  mac?: string
  /** Index of the bridge that the near end joins. */
  master?: number
  peer: {
    name: string
    mtu?: number
    mac?: string
    /** The peer is made straight in the network namespace of this descriptor. */
    netnsFd?: number
  }
}

/** An address of an interface. @public */
export interface LinkAddress {
  linkIndex: number
  family: 4 | 6
  address: string
  prefixLength: number
  broadcast?: string
  /** 0 global, 253 link, 254 host. */
  scope: number
}

/** An address to add. @public */
export interface LinkAddressInit {
  linkIndex: number
  /** `10.0.0.1/24` or `fd00::1/64`. */
  address: string
  broadcast?: string
  /** Default 0, global. */
  scope?: number
  /** Uses an IPv6 address without asking whether another host has it. */
  noDuplicateDetection?: boolean
}

/** A route. @public */
export interface Route {
  family: 4 | 6
  /** `10.0.0.0/24`; absent for the default route. */
  destination?: string
  gateway?: string
  linkIndex: number
  source?: string
  metric?: number
  /** 254 is the main table. */
  table: number
  /** 2 kernel, 3 boot, 4 static. */
  protocol: number
  /** 0 universe, 253 link, 254 host. */
  scope: number
  /** 1 unicast, 2 local, 3 broadcast, ... */
  type: number
}

/** A route to add. Without `destination` it is the default route; with `linkIndex` alone it is on the link. @public */
export interface RouteInit {
  /** Needed only when neither `destination` nor `gateway` tells. */
  family?: 4 | 6
  destination?: string
  gateway?: string
  linkIndex?: number
  source?: string
  metric?: number
  table?: number
  /** Takes the gateway as reachable on the link even when no address says so. */
  onLink?: boolean
}
