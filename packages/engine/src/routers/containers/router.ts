// SPDX-License-Identifier: Apache-2.0
import { compareApiVersions, decodeContainerCreate, containerRoutes as routes } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { adaptCreate } from '../../containers/adapt-create.ts'
import { parseCondition } from '../../containers/wait.ts'
import { emptyReply, jsonReply, type Reply } from '../../http/exchange.ts'
import { type Endpoint, endpoint } from '../../http/router.ts'
import type { ContainerBackend } from './backend.ts'
import { streamEndpoints } from './stream-endpoints.ts'

/** Endpoints of containers. */
export function containersRouter(backend: ContainerBackend): Endpoint[] {
  return [...collectionEndpoints(backend), ...streamEndpoints(backend), ...lifeCycleEndpoints(backend)]
}

function collectionEndpoints(backend: ContainerBackend): Endpoint[] {
  return [
    endpoint(routes.list, async ({ query }) => jsonReply(await backend.list(query))),
    endpoint(routes.create, async ({ query, request, json }) => {
      const { name } = query
      const platform = compareApiVersions(request.apiVersion, '1.41') < 0 ? undefined : query.platform
      const requested = await json(decodeContainerCreate)
      const body = requested && adaptCreate(requested, request.apiVersion)
      return jsonReply(await backend.create(body, { name, platform, signal: request.signal }), 201)
    }),
    endpoint(routes.prune, async ({ query }) => jsonReply(await backend.prune(query.filters))),
    endpoint(routes.inspect, async ({ path, query }) => jsonReply(await backend.inspect(idOf(path), query))),
    endpoint(routes.top, async ({ path, query }) => jsonReply(await backend.top(idOf(path), query.ps_args))),
  ]
}

function lifeCycleEndpoints(backend: ContainerBackend): Endpoint[] {
  const stopOptions = ({ signal, t }: { signal: string | undefined; t: number | undefined }) => ({ signal, timeout: t })
  return [
    endpoint(routes.start, async ({ path, query, request }) => {
      if (query.checkpoint || query['checkpoint-dir']) {
        throw new StackError('invalid-argument', 'checkpoint is only supported in experimental mode')
      }
      // Old clients send `null` or `{}`; anything longer would be a host config, which is long gone.
      if ((request.bodyLength ?? 0) > 7) {
        throw new StackError('invalid-argument', 'starting container with non-empty request body is not supported')
      }
      return done(backend.start(idOf(path)))
    }),
    endpoint(routes.stop, ({ path, query }) => done(backend.stop(idOf(path), stopOptions(query)))),
    endpoint(routes.restart, ({ path, query }) => done(backend.restart(idOf(path), stopOptions(query)))),
    endpoint(routes.kill, ({ path, query }) => done(backend.kill(idOf(path), query.signal))),
    endpoint(routes.rename, ({ path, query }) => done(backend.rename(idOf(path), query.name))),
    endpoint(routes.pause, ({ path }) => done(backend.pause(idOf(path)))),
    endpoint(routes.unpause, ({ path }) => done(backend.unpause(idOf(path)))),
    endpoint(routes.resize, async ({ path, query }) => {
      await backend.resize(idOf(path), query.h, query.w)
      return emptyReply(200)
    }),
    endpoint(routes.wait, ({ path, query }) => waitReply(backend, idOf(path), query.condition)),
    endpoint(routes.remove, ({ path, query }) => {
      return done(backend.remove(idOf(path), { force: query.force, volumes: query.v, link: query.link }))
    }),
  ]
}

async function done(work: Promise<void>): Promise<Reply> {
  await work
  return emptyReply()
}

/** Headers go out at once: a client starts the container only when it knows that somebody waits for its end. */
function waitReply(backend: ContainerBackend, id: string, condition: string | undefined): Reply {
  const result = backend.wait(id, parseCondition(condition))
  return {
    kind: 'stream',
    status: 200,
    contentType: 'application/json',
    body: (async function* () {
      yield `${JSON.stringify(await result)}\n`
    })(),
  }
}

function idOf(path: Readonly<Record<string, string>>): string {
  return path['id'] as string
}
