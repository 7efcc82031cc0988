// SPDX-License-Identifier: Apache-2.0
import { route } from '../route.ts'

/** Endpoints of the engine itself. @public */
export const systemRoutes = {
  pingHead: route({ method: 'HEAD', path: '/_ping', answer: 'empty' }),
  ping: route({ method: 'GET', path: '/_ping', answer: 'text' }),
  version: route({ method: 'GET', path: '/version' }),
  info: route({ method: 'GET', path: '/info' }),
  events: route({
    method: 'GET',
    path: '/events',
    query: { since: 'text', until: 'text', filters: 'filters' },
    answer: 'lines',
    codes: [200, 400, 500],
  }),
  auth: route({ method: 'POST', path: '/auth', body: 'json', codes: [200, 204, 401, 500] }),
  diskUsage: route({
    method: 'GET',
    path: '/system/df',
    query: { type: 'list' },
    codes: [200, 400, 500],
  }),
} as const
