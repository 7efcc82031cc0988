// SPDX-License-Identifier: Apache-2.0
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { createNetns, deleteNetns, isErrno, RouteNetlink } from '@teu/linux'
import type { Lease } from '../lease-store.ts'
import { trySysctl } from './bridge-link.ts'

/** The interface's name inside a container. */
export const innerName = 'eth0'

/** What a container's link is attached to. */
export interface Attachment {
  /** Index of the bridge. */
  bridge: number
  gateway: string
  prefixLength: number
  mtu: number
}

/** Makes the container's network namespace, with `lo` up, unless it is there. */
export function ensureNetns(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
  try {
    createNetns(path)
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return
    throw error
  }
  using inner = RouteNetlink.open({ netns: path })
  inner.setLink('lo', { up: true })
}

function setUpInside(lease: Lease, { gateway, prefixLength }: Attachment): void {
  // Before the link is up, so that no link-local address is ever formed.
  trySysctl(lease.netns, `net/ipv6/conf/${innerName}/disable_ipv6`, '1')
  using inner = RouteNetlink.open({ netns: lease.netns })
  const link = inner.link(innerName)
  if (!link) throw new Error(`no ${innerName} in ${lease.netns}`)
  const [a = 0, b = 0] = lease.address.split('.').map(Number)
  const broadcast = prefixLength === 16 ? `${a}.${b}.255.255` : undefined
  inner.addAddress({
    linkIndex: link.index,
    address: `${lease.address}/${prefixLength}`,
    ...(broadcast ? { broadcast } : {}),
  })
  inner.setLink(link.index, { up: true })
  inner.addRoute({ gateway, linkIndex: link.index })
}

function createPair(net: RouteNetlink, lease: Lease, { bridge, mtu }: Attachment): void {
  const netnsFd = openSync(lease.netns, 'r')
  try {
    net.createVeth({
      name: lease.link,
      mtu,
      master: bridge,
      // The peer is born inside: at no time is there a half-configured interface on the host.
      peer: { name: innerName, mac: lease.mac, mtu, netnsFd },
    })
  } finally {
    closeSync(netnsFd)
  }
}

/**
 * Sees to it that a container is linked to the bridge: its namespace, the veth pair, address and route. What is
 * right already is not touched, so traffic goes on through a restart of the engine.
 */
export function ensureLink(net: RouteNetlink, lease: Lease, attachment: Attachment): void {
  ensureNetns(lease.netns)
  const before = net.link(lease.link)
  if (!before) {
    createPair(net, lease, attachment)
    setUpInside(lease, attachment)
    net.setLink(lease.link, { up: true })
    return
  }
  if (before.master !== attachment.bridge) net.setLink(before.index, { master: attachment.bridge })
  if (!before.up) net.setLink(before.index, { up: true })
}

/**
 * Cuts a container's link off and lets go of its namespace, which the kernel then takes down with the link in its own
 * time: some tens of milliseconds that nobody has to wait for. What is gone already is no error.
 */
export function cutLink(net: RouteNetlink, lease: Pick<Lease, 'link' | 'netns'>): void {
  try {
    net.setLink(lease.link, { up: false, master: 0 })
  } catch (error) {
    if (!isErrno(error, 'ENODEV')) throw error
  }
  deleteNetns(lease.netns)
}
