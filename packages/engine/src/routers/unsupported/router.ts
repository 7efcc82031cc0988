// SPDX-License-Identifier: Apache-2.0
import { containerRoutes, networkRoutes, type Route, route } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { type Endpoint, endpoint } from '../../http/router.ts'

/** Endpoints of the API that this engine does not have, and what it calls them. */
const unsupported: readonly (readonly [Route, string])[] = [
  [containerRoutes.archiveStat, 'copying files out of and into containers'],
  [containerRoutes.archiveGet, 'copying files out of and into containers'],
  [containerRoutes.archivePut, 'copying files out of and into containers'],
  [containerRoutes.stats, 'statistics of containers'],
  [containerRoutes.changes, 'listing the changes of a container'],
  [containerRoutes.update, 'changing the limits of a container'],
  [networkRoutes.create, 'creating networks'],
  [networkRoutes.connect, 'connecting a container to another network'],
  [networkRoutes.disconnect, 'disconnecting a container from a network'],
  [route({ method: 'POST', path: '/build' }), 'building images'],
  [route({ method: 'POST', path: '/commit' }), 'making an image of a container'],
  [route({ method: 'POST', path: '/session' }), 'building images with BuildKit'],
  [route({ method: 'POST', path: '/grpc' }), 'building images with BuildKit'],
  [route({ method: 'GET', path: '/images/search' }), 'searching registries'],
  [route({ method: 'GET', path: '/distribution/{name*}/json' }), 'asking registries about images'],
]

/** Answers 501 with a sentence that people understand, where a 404 would look like a broken engine. */
export function unsupportedRouter(): Endpoint[] {
  return unsupported.map(([row, what]) =>
    endpoint(row, () => {
      throw new StackError('not-implemented', `this engine does not support ${what}`)
    }),
  )
}
