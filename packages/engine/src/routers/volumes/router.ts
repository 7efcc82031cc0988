// SPDX-License-Identifier: Apache-2.0
import { compareApiVersions, decodeVolumeCreate, type Filters, volumeRoutes as routes } from '@teu/engine-api'
import { emptyReply, jsonReply } from '../../http/exchange.ts'
import { type Endpoint, endpoint } from '../../http/router.ts'
import type { VolumeBackend } from './backend.ts'

/** Endpoints of volumes. */
export function volumesRouter(volumes: VolumeBackend): Endpoint[] {
  return [
    endpoint(routes.list, async ({ query }) =>
      jsonReply({ Volumes: await volumes.list(query.filters), Warnings: null }),
    ),
    endpoint(routes.create, async ({ json }) =>
      jsonReply(await volumes.create((await json(decodeVolumeCreate)) ?? {}), 201),
    ),
    endpoint(routes.prune, async ({ query, request }) => {
      const { deleted, reclaimed } = await volumes.prune(pruneFilters(query.filters, request.apiVersion))
      return jsonReply({ VolumesDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: reclaimed })
    }),
    endpoint(routes.inspect, async ({ path }) => jsonReply(await volumes.inspect(path['name'] as string))),
    endpoint(routes.remove, async ({ path, query }) => {
      await volumes.remove(path['name'] as string, query.force)
      return emptyReply()
    }),
  ]
}

/** A prune meant all unused volumes before 1.42; from then on it means anonymous ones unless `all` says otherwise. */
function pruneFilters(filters: Filters, apiVersion: string): Filters {
  return compareApiVersions(apiVersion, '1.42') < 0 ? { ...filters, all: ['true'] } : filters
}
