// SPDX-License-Identifier: Apache-2.0
import type { EventMessage } from '../events/types.ts'
import type { AuthConfig } from '../images/types.ts'
import { encodeFilters, type Filters } from '../query/filters.ts'
import { decodeJsonLines } from '../stream/json-lines.ts'
import { systemRoutes } from '../system/routes.ts'
import type { AuthResult, DiskUsageResult, InfoResult, PingResult, VersionResult } from '../system/types.ts'
import type { CallOptions, Transport } from './transport.ts'

/** What {@link SystemCalls.events} may ask for; times as the API spells them. @public */
export interface EventsOptions extends CallOptions {
  since?: string | undefined
  until?: string | undefined
  filters?: Filters | undefined
}

/** Calls about the engine itself. @public */
export interface SystemCalls {
  /** Asks for the headers alone, falling back to GET as old servers need. Never negotiates. */
  ping(options?: CallOptions): Promise<PingResult>
  serverVersion(options?: CallOptions): Promise<VersionResult>
  info(options?: CallOptions): Promise<InfoResult>
  /** Settles when the stream has begun; iterating yields events until `until`, or until the signal is aborted. */
  events(options?: EventsOptions): Promise<AsyncIterable<EventMessage>>
  registryLogin(auth: AuthConfig, options?: CallOptions): Promise<AuthResult>
  diskUsage(options?: CallOptions & { types?: readonly string[] }): Promise<DiskUsageResult>
}

/** @internal */
export function systemCalls(transport: Transport): SystemCalls {
  return {
    ping: (options = {}) => ping(transport, options),
    serverVersion: (options = {}) => transport.json(systemRoutes.version, options),
    info: (options = {}) => transport.json(systemRoutes.info, options),
    events: async ({ since, until, filters, signal } = {}) => {
      const query = { since, until, filters: encodeFilters(filters) }
      return decodeJsonLines<EventMessage>(await transport.call(systemRoutes.events, { query, signal }))
    },
    registryLogin: (auth, options = {}) => transport.json(systemRoutes.auth, { ...options, body: auth }),
    diskUsage: ({ types, signal } = {}) =>
      transport.json(systemRoutes.diskUsage, { query: { type: types ?? [] }, signal }),
  }
}

async function ping(transport: Transport, options: CallOptions): Promise<PingResult> {
  const response = await transport
    .call(systemRoutes.pingHead, options)
    .catch(() => transport.call(systemRoutes.ping, options))
  response.resume()
  const header = (name: string) => {
    const value = response.headers[name]
    return typeof value === 'string' ? value : undefined
  }
  const swarm = header('swarm')
  const server = header('server')
  return {
    apiVersion: header('api-version') ?? '1.24',
    osType: header('ostype') ?? '',
    experimental: header('docker-experimental') === 'true',
    builderVersion: header('builder-version') ?? '',
    ...(swarm === undefined ? {} : { swarm }),
    ...(server === undefined ? {} : { server }),
  }
}
