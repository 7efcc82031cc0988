// SPDX-License-Identifier: Apache-2.0
import { containerRoutes as routes, streamContentType } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { type Endpoint, endpoint } from '../../http/router.ts'
import type { ContainerBackend } from './backend.ts'

/** Endpoints that carry a container's input, output or files. */
export function streamEndpoints(backend: ContainerBackend): Endpoint[] {
  return [
    endpoint(routes.logs, ({ path, query, request }) => {
      const { follow, stdout, stderr, since, until, timestamps, details } = query
      requireStream(stdout || stderr)
      const tail = parseTail(query.tail)
      const wanted = { follow, stdout, stderr, since, until, timestamps, details, tail, signal: request.signal }
      const { tty, body } = backend.logs(path['id'] as string, wanted)
      return { kind: 'stream', status: 200, contentType: streamContentType(request.apiVersion, tty), body }
    }),
    endpoint(routes.attach, ({ path, query, request }) => {
      const { tty, run } = backend.attach(path['id'] as string, query)
      return { kind: 'upgrade', contentType: streamContentType(request.apiVersion, tty), run }
    }),
    endpoint(routes.exportTar, async ({ path, request }) => {
      const body = await backend.exportTar(path['id'] as string, request.signal)
      return { kind: 'stream', status: 200, contentType: 'application/octet-stream', body }
    }),
  ]
}

function requireStream(chosen: boolean): void {
  if (!chosen) throw new StackError('invalid-argument', 'Bad parameters: you must choose at least one stream')
}

/** A number of lines; `all`, absent, negative and unreadable ones mean everything, as in the original. */
function parseTail(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
