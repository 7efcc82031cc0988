// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { deleteNetns, RouteNetlink } from '@teu/linux'
import { chooseSubnet, gatewayOf, usedSubnets } from '../choose-subnet.ts'
import { overlaps, parseCidr } from '../ipv4.ts'
import { freeAddress, type Lease, LeaseStore, macOf } from '../lease-store.ts'
import type { ConnectRequest } from '../network-service.ts'
import { type NetworkState, newId } from '../network-state.ts'
import { ensureBridge } from './bridge-link.ts'
import { type Attachment, cutLink, ensureLink } from './container-link.ts'
import { LeavingLinks } from './leaving-links.ts'

/** Constructor data of a {@link BridgeNetwork}. */
export interface BridgeNetworkInit {
  /** The bridge's interface. */
  name: string
  /** Its own address with prefix; chosen when undefined. */
  address: string | undefined
  mtu: number
  netnsDirectory: string
  leaseDirectory: string
  /** Where the chosen address is kept; `save` makes it last. */
  state: NetworkState
  save: () => void
}

/** The names of our links, so that those of a Docker beside us are never taken for ours. */
const linkPattern = /^teuv[0-9a-f]{8}$/

/**
 * Containers on a Linux bridge, each in a network namespace of its own, joined to it by a veth pair. What exists in
 * the kernel is read back and only changed where it differs.
 */
export class BridgeNetwork {
  readonly name: string
  readonly mtu: number
  readonly #init: BridgeNetworkInit
  readonly #leases: LeaseStore
  readonly #leaving: LeavingLinks

  constructor(init: BridgeNetworkInit) {
    this.#init = init
    this.name = init.name
    this.mtu = init.mtu
    this.#leases = new LeaseStore(init.leaseDirectory)
    this.#leaving = new LeavingLinks(this.#leases)
  }

  leases(): Lease[] {
    return this.#leases.current()
  }

  /** The bridge's own address, once it is known: what containers reach the host by. */
  gateway(): string | undefined {
    return (this.#init.address ?? this.#init.state.bridgeAddress)?.split('/')[0]
  }

  /** The bridge's own address with prefix. Only after the bridge was made. */
  address(): string {
    const address = this.#init.state.bridgeAddress
    if (address === undefined) throw new Error(`bridge ${this.name} has no address`)
    return address
  }

  /** Gives a container its place. Its former one, if any, is released first. */
  connect(request: Pick<ConnectRequest, 'containerId' | 'containerName'>): Lease {
    this.release(request.containerId)
    using net = RouteNetlink.open()
    const attachment = this.#ensure(net)
    const lease = this.#newLease(request)
    this.#leases.put(lease)
    try {
      ensureLink(net, lease, attachment)
      return lease
    } catch (error) {
      this.release(request.containerId)
      throw error
    }
  }

  /** Takes a container's place away. False when it had none. */
  release(containerId: string): boolean {
    const lease = this.#leases.of(containerId)
    if (!lease) return false
    using net = RouteNetlink.open()
    this.#cut(net, lease)
    return true
  }

  /** Keeps the places of containers that live, repaired where something is missing, and reaps everything else. */
  restore(net: RouteNetlink, live: ReadonlySet<string>): void {
    for (const lease of this.#leases.current()) if (!live.has(lease.containerId)) this.#cut(net, lease)
    for (const lease of this.#leases.leaving()) this.#cut(net, lease)
    const leases = this.#leases.current()
    // A bridge is only made, or looked at, when there is something to join to it.
    if (leases.length > 0) {
      const attachment = this.#ensure(net)
      for (const lease of leases) ensureLink(net, lease, attachment)
    }
    this.#reap(net)
  }

  #cut(net: RouteNetlink, lease: Lease): void {
    this.#leases.put({ ...lease, leaving: true })
    cutLink(net, lease)
    this.#leaving.watch()
  }

  /** Removes links and namespaces that no lease knows: a crash came between making and keeping. */
  #reap(net: RouteNetlink): void {
    const leases = [...this.#leases.current(), ...this.#leases.leaving()]
    const bridge = net.link(this.name)?.index
    const strays = net
      .links()
      .filter(({ name, master }) => linkPattern.test(name) && bridge !== undefined && master === bridge)
      .filter(({ name }) => !leases.some(({ link }) => link === name))
    for (const { index } of strays) net.deleteLink(index)
    const known = new Set(leases.map(({ netns }) => netns))
    for (const file of listDirectory(this.#init.netnsDirectory)) {
      const path = join(this.#init.netnsDirectory, file)
      if (!known.has(path)) deleteNetns(path)
    }
  }

  #ensure(net: RouteNetlink): Attachment {
    const address = this.#chooseAddress(net)
    const { subnet } = parseCidr(address)
    const [gateway = ''] = address.split('/')
    const shape = { name: this.name, address, mac: macOf(gateway), mtu: this.mtu }
    const { link, created } = ensureBridge(net, shape)
    const attachment = { bridge: link.index, gateway, prefixLength: subnet.prefixLength, mtu: this.mtu }
    // Somebody removed the bridge under running containers: their links have lost it and get the new one.
    if (created) for (const lease of this.#leases.current()) ensureLink(net, lease, attachment)
    return attachment
  }

  /** The configured address, else the one of last time unless the host has taken its network since. */
  #chooseAddress(net: RouteNetlink): string {
    const { state, save } = this.#init
    const before = state.bridgeAddress
    if (this.#init.address !== undefined) state.bridgeAddress = this.#init.address
    else if (before === undefined || (this.#leases.current().length === 0 && this.#isTaken(net, before))) {
      const subnet = chooseSubnet(usedSubnets(net, net.link(this.name)?.index))
      state.bridgeAddress = `${gatewayOf(subnet)}/${subnet.prefixLength}`
    }
    if (state.bridgeAddress !== before) save()
    return this.address()
  }

  #isTaken(net: RouteNetlink, address: string): boolean {
    const { subnet } = parseCidr(address)
    return usedSubnets(net, net.link(this.name)?.index).some((other) => overlaps(subnet, other))
  }

  #newLease({ containerId, containerName }: Pick<ConnectRequest, 'containerId' | 'containerName'>): Lease {
    const { subnet } = parseCidr(this.address())
    const taken = [this.gateway() ?? '', ...this.#leases.current().map((lease) => lease.address)]
    const address = freeAddress(subnet, taken)
    const sandboxId = newId()
    return {
      containerId,
      containerName,
      endpointId: newId(),
      sandboxId,
      address,
      mac: macOf(address),
      link: `teuv${randomBytes(4).toString('hex')}`,
      netns: join(this.#init.netnsDirectory, sandboxId.slice(0, 12)),
    }
  }
}

function listDirectory(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
