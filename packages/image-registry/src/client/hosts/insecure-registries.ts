// SPDX-License-Identifier: Apache-2.0
import { BlockList, isIP } from 'node:net'

/**
 * Whether a registry is among docker's `insecure-registries`: names with the port, or ranges of addresses. A range is
 * for registries that are written as an address: what a name resolves to may change before the connection is made.
 *
 * @internal
 */
export function insecureAmong(list: readonly string[]): (registry: string) => boolean {
  const ranges = new BlockList()
  const names = new Set<string>()
  for (const entry of list) {
    const [, address = '', bits = ''] = /^([0-9a-f.:]+)\/(\d{1,3})$/i.exec(entry) ?? []
    const family = isIP(address)
    if (family !== 0 && Number(bits) <= (family === 4 ? 32 : 128))
      ranges.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
    else names.add(entry.replace(/^https?:\/\//, ''))
  }
  return (registry) => {
    const host = registry.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
    const family = isIP(host)
    return names.has(registry) || (family !== 0 && ranges.check(host, family === 4 ? 'ipv4' : 'ipv6'))
  }
}
