// SPDX-License-Identifier: Apache-2.0
import { route } from '../route.ts'

/** Endpoints of managed plugins: those that clients call without being asked to. @public */
export const pluginRoutes = {
  list: route({ method: 'GET', path: '/plugins', query: { filters: 'filters' } }),
  inspect: route({ method: 'GET', path: '/plugins/{name*}/json', codes: [200, 404, 500] }),
} as const
