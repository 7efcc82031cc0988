// SPDX-License-Identifier: Apache-2.0
import { route } from '@teu/engine-api'
import { jsonReply } from '../../http/exchange.ts'
import { type Endpoint, endpoint } from '../../http/router.ts'

/** Endpoints of the build cache, which is empty in an engine that does not build: `system prune` asks for it. */
export function buildCacheRouter(): Endpoint[] {
  return [
    endpoint(route({ method: 'POST', path: '/build/prune', query: { all: 'flag', filters: 'filters' } }), () =>
      jsonReply({ CachesDeleted: null, SpaceReclaimed: 0 }),
    ),
  ]
}
