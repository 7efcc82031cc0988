// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs'
import { isErrno } from '../errno.ts'
import { native } from '../native/load.ts'

/** A network namespace: a path such as `/proc/<pid>/ns/net`, or an open descriptor of one. @public */
export type NetnsReference = string | number

/** Address families, socket types and protocols for {@link socketInNetns}. @public */
export const socketConstants = {
  AF_UNIX: 1,
  AF_INET: 2,
  AF_INET6: 10,
  AF_NETLINK: 16,
  AF_PACKET: 17,
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_RAW: 3,
  SOCK_NONBLOCK: 0o4000,
  IPPROTO_TCP: 6,
  IPPROTO_UDP: 17,
  NETLINK_ROUTE: 0,
  NETLINK_NETFILTER: 12,
} as const

/**
 * socket(2) inside another network namespace: a short-lived thread enters it, so this process never does. The
 * descriptor is close-on-exec and stays in that namespace for good.
 *
 * @public
 */
export function socketInNetns(netns: NetnsReference, domain: number, type: number, protocol = 0): number {
  return native().netnsSocket(netns, domain, type, protocol)
}

/**
 * Makes a network namespace and keeps it at `path` (bind mount of an nsfs file, as `ip netns` does). The file must not
 * exist. In the namespace nothing is up, not even `lo`. Throws the system error, `EEXIST` when the file is there.
 *
 * @public
 */
export function createNetns(path: string): void {
  native().netnsCreate(path)
}

/** Removes what {@link createNetns} made; the kernel frees the namespace with its last user. No error when it is gone. @public */
export function deleteNetns(path: string): void {
  try {
    native().umount2(path, 2)
  } catch (error) {
    if (!isErrno(error, 'EINVAL', 'ENOENT')) throw error
  }
  rmSync(path, { force: true })
}

/** Writes a file as seen from a network namespace, such as a key under `/proc/sys/net`. @public */
export function writeInNetns(netns: NetnsReference, path: string, data: string): void {
  native().netnsWrite(netns, path, Buffer.from(data))
}

/** Reads a file (up to 64 KiB) as seen from a network namespace. @public */
export function readInNetns(netns: NetnsReference, path: string): string {
  return native().netnsRead(netns, path, 65536).toString()
}

/** Sets a network sysctl in a namespace; the key may use dots or slashes, `net.ipv4.ip_forward`. @public */
export function setSysctlInNetns(netns: NetnsReference, key: string, value: string): void {
  writeInNetns(netns, sysctlPath(key), value)
}

/** The file of a sysctl. Dots separate unless the key has a slash, in which case dots belong to names (sysctl(8)). @public */
export function sysctlPath(key: string): string {
  const slashed = key.includes('/') ? key : key.replaceAll('.', '/')
  if (slashed.split('/').some((part) => part === '..' || part === '')) throw new Error(`invalid sysctl key: ${key}`)
  return `/proc/sys/${slashed}`
}
