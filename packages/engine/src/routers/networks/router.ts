// SPDX-License-Identifier: Apache-2.0
import {
  checkFilters,
  type Filters,
  matchesLabels,
  type NetworkInspect,
  networkRoutes as routes,
} from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { jsonReply } from '../../http/exchange.ts'
import { type Endpoint, endpoint } from '../../http/router.ts'
import type { NetworkBackend } from './backend.ts'

const accepted = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'] as const

/** Endpoints of networks. */
export function networksRouter(networks: NetworkBackend): Endpoint[] {
  const list = async (filters: Filters) => jsonReply((await networks.list()).filter(networkFilter(filters)))
  return [
    endpoint(routes.list, ({ query }) => list(query.filters)),
    endpoint(routes.listSlash, ({ query }) => list(query.filters)),
    // Every network here is a predefined one.
    endpoint(routes.prune, ({ query }) => {
      checkFilters(query.filters, ['label', 'label!', 'until'])
      return jsonReply({ NetworksDeleted: null })
    }),
    endpoint(routes.remove, async ({ path }) => {
      const { Name } = await networks.inspect(path['id'] as string)
      throw new StackError('permission-denied', `${Name} is a pre-defined network and cannot be removed`)
    }),
    endpoint(routes.inspect, async ({ path }) => jsonReply(await networks.inspect(path['id'] as string))),
  ]
}

function networkFilter(filters: Filters): (network: NetworkInspect) => boolean {
  checkFilters(filters, accepted)
  const any = (name: string, test: (value: string) => boolean) => {
    const values = filters[name]
    return values === undefined || values.length === 0 || values.some(test)
  }
  return (network) =>
    any('name', (value) => network.Name.includes(value)) &&
    any('id', (value) => network.Id.startsWith(value)) &&
    any('driver', (value) => network.Driver === value) &&
    any('scope', (value) => network.Scope === value) &&
    any('type', (value) => (value === 'builtin') === ['bridge', 'host', 'none'].includes(network.Name)) &&
    any(
      'dangling',
      (value) => (value === 'true' || value === '1') === (Object.keys(network.Containers).length === 0),
    ) &&
    matchesLabels(filters['label'], network.Labels)
}
