// SPDX-License-Identifier: Apache-2.0
import { networkRoutes as routes } from '../networks/routes.ts'
import type {
  EndpointSettings,
  NetworkCreateBody,
  NetworkCreateResult,
  NetworkInspect,
  NetworksPruneResult,
} from '../networks/types.ts'
import { encodeFilters, type Filters } from '../query/filters.ts'
import type { CallOptions, Transport } from './transport.ts'

/** Calls about networks. @public */
export interface NetworkCalls {
  networkList(options?: CallOptions & { filters?: Filters }): Promise<NetworkInspect[]>
  networkInspect(id: string, options?: CallOptions & { verbose?: boolean }): Promise<NetworkInspect>
  networkCreate(network: NetworkCreateBody, options?: CallOptions): Promise<NetworkCreateResult>
  networkConnect(
    id: string,
    container: string,
    options?: CallOptions & { endpoint?: EndpointSettings | undefined },
  ): Promise<void>
  networkDisconnect(id: string, container: string, options?: CallOptions & { force?: boolean }): Promise<void>
  networkRemove(id: string, options?: CallOptions): Promise<void>
  networksPrune(options?: CallOptions & { filters?: Filters }): Promise<NetworksPruneResult>
}

/** @internal */
export function networkCalls(transport: Transport): NetworkCalls {
  return {
    networkList: ({ filters, signal } = {}) =>
      transport.json(routes.list, { query: { filters: encodeFilters(filters) }, signal }),
    networkInspect: (id, { verbose, signal } = {}) =>
      transport.json(routes.inspect, { path: { id }, query: { verbose: verbose ? '1' : undefined }, signal }),
    networkCreate: (network, { signal } = {}) => transport.json(routes.create, { body: network, signal }),
    networkConnect: (id, container, { endpoint, signal } = {}) => {
      const body = { Container: container, EndpointConfig: endpoint }
      return transport.done(routes.connect, { path: { id }, body, signal })
    },
    networkDisconnect: (id, container, { force = false, signal } = {}) => {
      const body = { Container: container, Force: force }
      return transport.done(routes.disconnect, { path: { id }, body, signal })
    },
    networkRemove: (id, { signal } = {}) => transport.done(routes.remove, { path: { id }, signal }),
    networksPrune: ({ filters, signal } = {}) =>
      transport.json(routes.prune, { query: { filters: encodeFilters(filters) }, signal }),
  }
}
