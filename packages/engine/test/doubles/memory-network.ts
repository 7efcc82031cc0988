// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { NetworkService } from '../../src/network/network-service.ts'

/** Networks in memory: no links, only a count of the places that containers have. */
export function memoryNetwork(): NetworkService & { readonly places: ReadonlySet<string> } {
  const places = new Set<string>()
  return {
    places,
    validate: () => [],
    async connect({ containerId }) {
      places.add(containerId)
      return { namespace: { kind: 'new' }, files: {}, endpoints: {}, sandboxId: '', sandboxKey: '', warnings: [] }
    },
    async release(containerId) {
      places.delete(containerId)
    },
    async restore(live) {
      for (const place of places) if (!live.has(place)) places.delete(place)
    },
    settings: (_, sandbox) => ({
      Bridge: '',
      SandboxID: '',
      SandboxKey: '',
      Ports: {},
      HairpinMode: false,
      LinkLocalIPv6Address: '',
      LinkLocalIPv6PrefixLen: 0,
      SecondaryIPAddresses: null,
      SecondaryIPv6Addresses: null,
      EndpointID: '',
      Gateway: '',
      GlobalIPv6Address: '',
      GlobalIPv6PrefixLen: 0,
      IPAddress: '',
      IPPrefixLen: 0,
      IPv6Gateway: '',
      MacAddress: '',
      Networks: sandbox ? { none: {} } : {},
    }),
    list: async () => [],
    inspect: async (reference) => {
      throw new StackError('not-found', `network ${reference} not found`)
    },
  }
}
