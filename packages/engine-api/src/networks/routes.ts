// SPDX-License-Identifier: Apache-2.0
import { route } from '../route.ts'

/** Endpoints of networks. @public */
export const networkRoutes = {
  list: route({ method: 'GET', path: '/networks', query: { filters: 'filters' }, codes: [200, 400, 500] }),
  listSlash: route({ method: 'GET', path: '/networks/', query: { filters: 'filters' }, codes: [200, 400, 500] }),
  create: route({
    method: 'POST',
    path: '/networks/create',
    body: 'json',
    codes: [201, 400, 403, 404, 409, 500],
  }),
  prune: route({ method: 'POST', path: '/networks/prune', query: { filters: 'filters' }, codes: [200, 400, 500] }),
  inspect: route({
    method: 'GET',
    path: '/networks/{id}',
    query: { verbose: 'flag', scope: 'text' },
    codes: [200, 400, 404, 500],
  }),
  connect: route({
    method: 'POST',
    path: '/networks/{id}/connect',
    body: 'json',
    answer: 'empty',
    codes: [200, 400, 403, 404, 500],
  }),
  disconnect: route({
    method: 'POST',
    path: '/networks/{id}/disconnect',
    body: 'json',
    answer: 'empty',
    codes: [200, 403, 404, 500],
  }),
  remove: route({ method: 'DELETE', path: '/networks/{id}', answer: 'empty', codes: [204, 403, 404, 500] }),
} as const
