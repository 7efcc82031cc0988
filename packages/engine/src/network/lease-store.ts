// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { StackError } from '@teu/errors'
import { formatAddress, parseAddress, type Subnet, sizeOf } from './ipv4.ts'

/** One container's place on the bridge: what it was given, and by which names it is found in the kernel. */
export interface Lease {
  containerId: string
  containerName: string
  endpointId: string
  sandboxId: string
  /** IPv4, without prefix. */
  address: string
  mac: string
  /** The near end of the veth pair. */
  link: string
  /** The file that holds the container's network namespace. */
  netns: string
  /** The container has left; the kernel is still taking the link down. */
  leaving?: boolean
}

const linkPattern = /^[a-zA-Z0-9]{1,15}$/

/**
 * The leases of one network, a file each, by the name of their link. They live where the links live, in the runtime
 * directory: both survive the engine and neither survives a reboot. A file is written whole under another name first,
 * so a crash leaves the old state or the new one.
 */
export class LeaseStore {
  readonly #directory: string
  readonly #leases = new Map<string, Lease>()

  constructor(directory: string) {
    this.#directory = directory
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    for (const file of readdirSync(directory)) {
      const lease = file.endsWith('.json') ? readLease(join(directory, file)) : undefined
      if (lease && file === `${lease.link}.json`) this.#leases.set(lease.link, lease)
      else rmSync(join(directory, file), { force: true })
    }
  }

  /** The lease that a container has now. */
  of(containerId: string): Lease | undefined {
    return this.current().find((lease) => lease.containerId === containerId)
  }

  /** The leases of containers that are connected. */
  current(): Lease[] {
    return [...this.#leases.values()].filter(({ leaving }) => !leaving)
  }

  /** The leases whose links are on their way out. */
  leaving(): Lease[] {
    return [...this.#leases.values()].filter(({ leaving }) => leaving)
  }

  /** Keeps a lease: before anything is made for it, so that a crash in between is found and cleaned up. */
  put(lease: Lease): void {
    if (!linkPattern.test(lease.link)) throw new StackError('invalid-argument', `invalid link name: ${lease.link}`)
    const path = this.#path(lease)
    writeFileSync(`${path}.tmp`, JSON.stringify(lease), { mode: 0o600 })
    renameSync(`${path}.tmp`, path)
    this.#leases.set(lease.link, lease)
  }

  remove(lease: Lease): void {
    this.#leases.delete(lease.link)
    rmSync(this.#path(lease), { force: true })
  }

  #path({ link }: Lease): string {
    return join(this.#directory, `${link}.json`)
  }
}

function readLease(path: string): Lease | undefined {
  try {
    const lease = JSON.parse(readFileSync(path, 'utf8')) as Lease
    return linkPattern.test(lease.link) && lease.containerId && lease.address && lease.netns ? lease : undefined
  } catch {
    return undefined
  }
}

/**
 * The lowest address of a network that nobody has. `resource-exhausted` when there is none left.
 *
 * @param taken the addresses in use, the gateway's among them
 */
export function freeAddress(subnet: Subnet, taken: Iterable<string>): string {
  const used = new Set([...taken].map(parseAddress))
  for (let address = subnet.base + 1; address < subnet.base + sizeOf(subnet) - 1; address++) {
    if (!used.has(address)) return formatAddress(address)
  }
  throw new StackError('resource-exhausted', `no available IPv4 addresses on this network's address pools`)
}

/** `02:42:` and the four bytes of the address: unique as long as the address is. */
export function macOf(address: string): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  return ['02', '42', ...bytes].join(':')
}
