// SPDX-License-Identifier: Apache-2.0
import { decodeAuthConfig, decodeTimestamp, systemRoutes as routes } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { emptyReply, jsonReply } from '../../http/exchange.ts'
import { type Endpoint, endpoint } from '../../http/router.ts'
import type { SystemBackend } from './backend.ts'
import { diskUsageIn, infoIn, usageTypesIn } from './info-shape.ts'

/** What a ping's reply carries beside the headers of all replies. */
const pingHeaders = {
  'builder-version': '1',
  swarm: 'inactive',
  'cache-control': 'no-cache, no-store, must-revalidate',
  pragma: 'no-cache',
}

/** Endpoints of the engine itself. */
export function systemRouter(backend: SystemBackend): Endpoint[] {
  return [
    endpoint(routes.pingHead, () => emptyReply(200, pingHeaders)),
    endpoint(routes.ping, () => ({ kind: 'text', status: 200, text: 'OK', headers: pingHeaders })),
    endpoint(routes.version, async () => jsonReply(await backend.version())),
    endpoint(routes.info, async ({ request }) => jsonReply(infoIn(request.apiVersion, await backend.info()))),
    endpoint(routes.events, ({ query, request }) => {
      const [since, until] = [eventTime(query.since), eventTime(query.until)]
      if (since !== undefined && until !== undefined && until < since) {
        const message = `\`since\` time (${query.since}) cannot be after \`until\` time (${query.until})`
        throw new StackError('invalid-argument', message)
      }
      const { filters } = query
      const body = backend.events({ since, until, filters, signal: request.signal })
      return { kind: 'stream', status: 200, contentType: 'application/json', body }
    }),
    endpoint(routes.auth, async ({ request, json }) =>
      jsonReply(await backend.auth((await json(decodeAuthConfig)) ?? {}, request.signal)),
    ),
    endpoint(routes.diskUsage, async ({ query, request: { apiVersion } }) =>
      jsonReply(diskUsageIn(apiVersion, await backend.diskUsage(usageTypesIn(apiVersion, query.type)))),
    ),
  ]
}

/** A time of a query about events, where `0` is 1970 and not nothing. */
function eventTime(text: string | undefined): bigint | undefined {
  return text === '0' ? 0n : decodeTimestamp(text)
}
