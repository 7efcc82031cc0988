// SPDX-License-Identifier: Apache-2.0
import { route } from '../route.ts'

/** Endpoints of volumes. @public */
export const volumeRoutes = {
  list: route({ method: 'GET', path: '/volumes', query: { filters: 'filters' }, codes: [200, 400, 500] }),
  create: route({ method: 'POST', path: '/volumes/create', body: 'json', codes: [201, 400, 409, 500] }),
  prune: route({ method: 'POST', path: '/volumes/prune', query: { filters: 'filters' }, codes: [200, 400, 500] }),
  inspect: route({ method: 'GET', path: '/volumes/{name*}', codes: [200, 404, 500] }),
  remove: route({
    method: 'DELETE',
    path: '/volumes/{name*}',
    query: { force: 'flag' },
    answer: 'empty',
    codes: [204, 404, 409, 500],
  }),
} as const
