// SPDX-License-Identifier: Apache-2.0
import {
  containerRoutes,
  decodeContainerUpdate,
  decodeNetworkConnect,
  decodeNetworkCreate,
  decodeNetworkDisconnect,
  networkRoutes,
  type Route,
  route,
} from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { type Endpoint, endpoint, type HandlerInput } from '../../http/router.ts'
import type { UnsupportedBackend } from './backend.ts'

/** The checks of the original before it does the work, with its texts. */
type Check = (input: HandlerInput<Route>, backend: UnsupportedBackend) => Promise<unknown> | unknown

interface Row {
  route: Route
  /** The name that people call it by. */
  what: string
  check?: Check
}

const copying = 'copying files out of and into containers'

const container: Check = ({ path }, backend) => backend.requireContainer(path['id'] as string)

const archive: Check = (input, backend) => {
  if (!input.query['path']) throw invalid('bad parameter: pathcannot be empty')
  return container(input, backend)
}

const update: Check = async (input, backend) => {
  if (!(await input.json(decodeContainerUpdate))) throw invalid('got EOF while reading request body')
  return container(input, backend)
}

const createNetwork: Check = async ({ json }) => {
  const body = await json(decodeNetworkCreate)
  if (!body) throw invalid('got EOF while reading request body')
  const { Name: name = '' } = body
  if (name.trim() === '') throw invalid('invalid network name: name is empty')
  if (['bridge', 'host', 'none', 'default'].includes(name)) {
    throw new StackError('permission-denied', `operation is not permitted on predefined ${name} network `)
  }
}

function connection(decode: typeof decodeNetworkConnect | typeof decodeNetworkDisconnect): Check {
  return async ({ path, json }, backend) => {
    const body = await json<{ Container?: string }>(decode)
    if (!body) throw invalid('got EOF while reading request body')
    backend.requireContainer(body.Container ?? '')
    await backend.requireNetwork(path['id'] as string)
  }
}

const commit: Check = ({ query }, backend) => {
  const reference = query['container'] as string | undefined
  if (!reference) throw invalid('invalid name or ID supplied: ""')
  backend.requireContainer(reference)
}

const session: Check = ({ request }) => {
  if (!request.upgrade) throw invalid('no upgrade proto in request')
}

const search: Check = ({ query }) => {
  const limit = (query['limit'] as number | undefined) ?? 25
  if (limit < 0 || limit > 100) throw invalid(`Limit ${limit} is outside the range of [1, 100]`)
}

/** Endpoints of the API that this engine does not have. */
const unsupported: readonly Row[] = [
  { route: containerRoutes.archiveStat, what: copying, check: archive },
  { route: containerRoutes.archiveGet, what: copying, check: archive },
  { route: containerRoutes.archivePut, what: copying, check: archive },
  { route: containerRoutes.stats, what: 'statistics of containers', check: container },
  { route: containerRoutes.changes, what: 'listing the changes of a container', check: container },
  { route: containerRoutes.update, what: 'changing the limits of a container', check: update },
  { route: networkRoutes.create, what: 'creating networks', check: createNetwork },
  {
    route: networkRoutes.connect,
    what: 'connecting a container to another network',
    check: connection(decodeNetworkConnect),
  },
  {
    route: networkRoutes.disconnect,
    what: 'disconnecting a container from a network',
    check: connection(decodeNetworkDisconnect),
  },
  { route: route({ method: 'POST', path: '/build' }), what: 'building images' },
  {
    route: route({ method: 'POST', path: '/commit', query: { container: 'text' } }),
    what: 'making an image of a container',
    check: commit,
  },
  { route: route({ method: 'POST', path: '/session' }), what: 'building images with BuildKit', check: session },
  { route: route({ method: 'POST', path: '/grpc' }), what: 'building images with BuildKit', check: session },
  {
    route: route({ method: 'GET', path: '/images/search', query: { limit: 'integer' } }),
    what: 'searching registries',
    check: search,
  },
  { route: route({ method: 'GET', path: '/distribution/{name*}/json' }), what: 'asking registries about images' },
]

/**
 * Answers 501 with a sentence that people understand, where a 404 would look like a broken engine. What is wrong with
 * a request in itself is said first, as it is by the original.
 */
export function unsupportedRouter(backend: UnsupportedBackend): Endpoint[] {
  return unsupported.map(({ route: row, what, check }) =>
    endpoint(row, async (input) => {
      await check?.(input as HandlerInput<Route>, backend)
      throw new StackError('not-implemented', `this engine does not support ${what}`)
    }),
  )
}

function invalid(message: string): StackError {
  return new StackError('invalid-argument', message)
}
