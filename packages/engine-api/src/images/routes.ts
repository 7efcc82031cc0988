// SPDX-License-Identifier: Apache-2.0
import { route } from '../route.ts'

/** Endpoints of images. Names are greedy: they may contain slashes. @public */
export const imageRoutes = {
  list: route({
    method: 'GET',
    path: '/images/json',
    query: { all: 'flag', filters: 'filters', 'shared-size': 'flag', digests: 'flag', manifests: 'flag' },
    codes: [200, 400, 500],
  }),
  create: route({
    method: 'POST',
    path: '/images/create',
    query: {
      fromImage: 'text',
      tag: 'text',
      platform: 'text',
      fromSrc: 'text',
      repo: 'text',
      message: 'text',
      changes: 'list',
    },
    body: 'bytes',
    answer: 'lines',
    codes: [200, 400, 404, 500],
  }),
  load: route({
    method: 'POST',
    path: '/images/load',
    query: { quiet: 'flag', platform: 'platform' },
    body: 'bytes',
    answer: 'lines',
    codes: [200, 400, 500],
  }),
  save: route({
    method: 'GET',
    path: '/images/get',
    query: { names: 'list', platform: 'platform' },
    answer: 'bytes',
    codes: [200, 400, 404, 500],
  }),
  prune: route({ method: 'POST', path: '/images/prune', query: { filters: 'filters' }, codes: [200, 400, 500] }),
  inspect: route({
    method: 'GET',
    path: '/images/{name*}/json',
    query: { manifests: 'flag', platform: 'platform' },
    codes: [200, 400, 404, 500],
  }),
  history: route({
    method: 'GET',
    path: '/images/{name*}/history',
    query: { platform: 'platform' },
    codes: [200, 404, 500],
  }),
  saveOne: route({
    method: 'GET',
    path: '/images/{name*}/get',
    query: { platform: 'platform' },
    answer: 'bytes',
    codes: [200, 400, 404, 500],
  }),
  push: route({
    method: 'POST',
    path: '/images/{name*}/push',
    query: { tag: 'text', platform: 'platform' },
    body: 'bytes',
    answer: 'lines',
    codes: [200, 400, 404, 500],
  }),
  tag: route({
    method: 'POST',
    path: '/images/{name*}/tag',
    query: { repo: 'text', tag: 'text' },
    answer: 'empty',
    codes: [201, 400, 404, 409, 500],
  }),
  remove: route({
    method: 'DELETE',
    path: '/images/{name*}',
    query: { force: 'flag', noprune: 'flag', platforms: 'platforms' },
    codes: [200, 400, 404, 409, 500],
  }),
} as const
