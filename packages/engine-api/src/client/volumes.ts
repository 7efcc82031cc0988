// SPDX-License-Identifier: Apache-2.0
import { encodeFilters, type Filters } from '../query/filters.ts'
import { volumeRoutes as routes } from '../volumes/routes.ts'
import type { Volume, VolumeCreateBody, VolumeListResult, VolumesPruneResult } from '../volumes/types.ts'
import type { CallOptions, Transport } from './transport.ts'

/** Calls about volumes. @public */
export interface VolumeCalls {
  volumeList(options?: CallOptions & { filters?: Filters }): Promise<VolumeListResult>
  volumeInspect(name: string, options?: CallOptions): Promise<Volume>
  volumeCreate(volume: VolumeCreateBody, options?: CallOptions): Promise<Volume>
  volumeRemove(name: string, options?: CallOptions & { force?: boolean }): Promise<void>
  volumesPrune(options?: CallOptions & { filters?: Filters }): Promise<VolumesPruneResult>
}

/** @internal */
export function volumeCalls(transport: Transport): VolumeCalls {
  return {
    volumeList: ({ filters, signal } = {}) =>
      transport.json(routes.list, { query: { filters: encodeFilters(filters) }, signal }),
    volumeInspect: (name, { signal } = {}) => transport.json(routes.inspect, { path: { name }, signal }),
    volumeCreate: (volume, { signal } = {}) => transport.json(routes.create, { body: volume, signal }),
    volumeRemove: (name, { force, signal } = {}) =>
      transport.done(routes.remove, { path: { name }, query: { force: force ? '1' : undefined }, signal }),
    volumesPrune: ({ filters, signal } = {}) =>
      transport.json(routes.prune, { query: { filters: encodeFilters(filters) }, signal }),
  }
}
