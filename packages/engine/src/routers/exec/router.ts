// SPDX-License-Identifier: Apache-2.0
import { decodeExecCreate, decodeExecStart, execRoutes as routes, streamContentType } from '@teu/engine-api'
import { emptyReply, jsonReply } from '../../http/exchange.ts'
import { type Endpoint, endpoint } from '../../http/router.ts'
import type { ExecBackend } from './backend.ts'

/** Endpoints of processes added to containers. */
export function execRouter(backend: ExecBackend): Endpoint[] {
  return [
    endpoint(routes.create, async ({ path, json }) =>
      jsonReply(backend.create(path['id'] as string, (await json(decodeExecCreate)) ?? {}), 201),
    ),
    endpoint(routes.start, async ({ path, request, json }) => {
      const options = (await json(decodeExecStart)) ?? {}
      const id = path['id'] as string
      if (options.Detach) {
        await backend.start(id, options)
        return emptyReply(200)
      }
      const { tty, run } = backend.attach(id, options)
      return { kind: 'upgrade', contentType: streamContentType(request.apiVersion, tty), run }
    }),
    endpoint(routes.resize, async ({ path, query }) => {
      await backend.resize(path['id'] as string, query.h, query.w)
      return emptyReply(200)
    }),
    endpoint(routes.inspect, ({ path }) => jsonReply(backend.inspect(path['id'] as string))),
  ]
}
