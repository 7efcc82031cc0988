// SPDX-License-Identifier: Apache-2.0
import { isErrno, systemError } from '../../errno.ts'
import { socketConstants } from '../../netns/netns.ts'
import { netlinkFlags } from '../message.ts'
import { NetlinkSocket, type NetlinkSocketOptions } from '../netlink-socket.ts'
import { decodeAddress, encodeAddress } from './address-message.ts'
import { routeTypes } from './constants.ts'
import type { BridgeInit, Link, LinkAddress, LinkAddressInit, LinkChange, Route, RouteInit, VethInit } from './link.ts'
import { decodeLink, encodeBridge, encodeLinkChange, encodeLinkQuery, encodeVeth } from './link-message.ts'
import { decodeRoute, encodeRoute } from './route-message.ts'

const create = netlinkFlags.create | netlinkFlags.exclusive

/**
 * Interfaces, addresses and routes of one network namespace, over rtnetlink(7). Calls are synchronous and take
 * microseconds. Failures are system errors: `ENODEV` no such interface, `EEXIST` there already, `EPERM`.
 *
 * @example
 * using net = RouteNetlink.open({ netns: '/run/netns/blue' })
 * net.setLink('lo', { up: true })
 *
 * @public
 */
export class RouteNetlink implements Disposable {
  readonly #socket: NetlinkSocket

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket
  }

  static open(options: NetlinkSocketOptions = {}): RouteNetlink {
    return new RouteNetlink(NetlinkSocket.open(socketConstants.NETLINK_ROUTE, options))
  }

  /** All interfaces, by index. */
  links(): Link[] {
    return this.#dump(routeTypes.getLink, encodeLinkQuery({})).map(decodeLink)
  }

  /** One interface by name or index. Undefined when there is none. */
  link(link: string | number): Link | undefined {
    const query = encodeLinkQuery(typeof link === 'string' ? { name: link } : { index: link })
    try {
      const [message] = this.#socket.request({ type: routeTypes.getLink, payload: query })
      return message && decodeLink(message.payload)
    } catch (error) {
      if (isErrno(error, 'ENODEV')) return undefined
      throw error
    }
  }

  /** Makes a bridge, down. Throws `EEXIST` when the name is taken. */
  createBridge(init: BridgeInit): Link {
    this.#socket.request({ type: routeTypes.newLink, flags: create, payload: encodeBridge(init) })
    return this.#existing(init.name)
  }

  /** Makes both ends of a veth, down, and returns the near one. */
  createVeth(init: VethInit): Link {
    this.#socket.request({ type: routeTypes.newLink, flags: create, payload: encodeVeth(init) })
    return this.#existing(init.name)
  }

  /** Changes an interface. All of one call is applied in the kernel's order: move, address, MTU, name, master, up. */
  setLink(link: string | number, change: LinkChange): void {
    this.#socket.request({ type: routeTypes.newLink, payload: encodeLinkChange(this.#indexOf(link), change) })
  }

  /** Removes an interface, and with a veth its peer. False when there is none. */
  deleteLink(link: string | number): boolean {
    const query = encodeLinkQuery(typeof link === 'string' ? { name: link } : { index: link })
    try {
      this.#socket.request({ type: routeTypes.delLink, payload: query })
      return true
    } catch (error) {
      if (isErrno(error, 'ENODEV')) return false
      throw error
    }
  }

  /** All addresses, or those of one interface. */
  addresses(link?: string | number): LinkAddress[] {
    const index = link === undefined ? undefined : this.#indexOf(link)
    const all = this.#dump(routeTypes.getAddress, Buffer.alloc(8)).map(decodeAddress)
    return index === undefined ? all : all.filter(({ linkIndex }) => linkIndex === index)
  }

  /** Throws `EEXIST` when the interface has it. */
  addAddress(init: LinkAddressInit): void {
    this.#socket.request({ type: routeTypes.newAddress, flags: create, payload: encodeAddress(init) })
  }

  /** Throws `EADDRNOTAVAIL` when the interface does not have it. */
  deleteAddress(init: LinkAddressInit): void {
    this.#socket.request({ type: routeTypes.delAddress, payload: encodeAddress(init) })
  }

  /** The routes of all tables, both families. */
  routes(): Route[] {
    return this.#dump(routeTypes.getRoute, Buffer.alloc(12)).map(decodeRoute)
  }

  /** Throws `EEXIST` when there is one, `ENETUNREACH` when the gateway is not on a link. */
  addRoute(init: RouteInit): void {
    this.#socket.request({ type: routeTypes.newRoute, flags: create, payload: encodeRoute(init) })
  }

  /** Throws `ESRCH` when there is none. */
  deleteRoute(init: RouteInit): void {
    this.#socket.request({ type: routeTypes.delRoute, payload: encodeRoute(init) })
  }

  close(): void {
    this.#socket.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #dump(type: number, payload: Buffer): Buffer[] {
    return this.#socket.request({ type, flags: netlinkFlags.dump, payload }).map((message) => message.payload)
  }

  #indexOf(link: string | number): number {
    return typeof link === 'number' ? link : this.#existing(link).index
  }

  #existing(name: string): Link {
    const found = this.link(name)
    if (!found) throw systemError('ENODEV', 19, 'netlink', name)
    return found
  }
}
