// SPDX-License-Identifier: Apache-2.0
import { route } from '../route.ts'

/** Endpoints of processes added to running containers. @public */
export const execRoutes = {
  create: route({
    method: 'POST',
    path: '/containers/{id}/exec',
    body: 'json',
    codes: [201, 400, 404, 409, 500],
  }),
  start: route({
    method: 'POST',
    path: '/exec/{id}/start',
    body: 'json',
    answer: 'upgrade',
    codes: [101, 200, 400, 404, 409, 500],
  }),
  resize: route({
    method: 'POST',
    path: '/exec/{id}/resize',
    query: { h: 'size', w: 'size' },
    answer: 'empty',
    codes: [200, 400, 404, 500],
  }),
  inspect: route({ method: 'GET', path: '/exec/{id}/json', codes: [200, 404, 500] }),
} as const
