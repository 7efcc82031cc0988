// SPDX-License-Identifier: Apache-2.0
import {
  type AuthConfig,
  decodeAuthConfig,
  decodeRegistryAuth,
  type PathParameters,
  parseBody,
  registryAuthHeader,
  imageRoutes as routes,
} from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { type EngineRequest, emptyReply, jsonReply, type StreamReply } from '../../http/exchange.ts'
import { type Endpoint, endpoint } from '../../http/router.ts'
import type { ImageBackend } from './backend.ts'
import { progressReply } from './progress-reply.ts'

/** Longest credentials in a push's body, in bytes; the header is where they belong. */
const maximumAuthBody = 64 * 1024

/** Endpoints of images. Fixed paths stand before those whose names take everything. */
export function imagesRouter(images: ImageBackend): Endpoint[] {
  return [...collectionEndpoints(images), ...imageEndpoints(images)]
}

function collectionEndpoints(images: ImageBackend): Endpoint[] {
  return [
    endpoint(routes.list, async ({ query, request }) =>
      jsonReply(await images.list({ all: query.all, filters: query.filters, signal: request.signal })),
    ),
    endpoint(routes.create, ({ query, request }) => {
      if (query.fromSrc) throw new StackError('not-implemented', 'importing an image from an archive is not supported')
      const reference = joinReference(query.fromImage, query.tag)
      const auth = decodeRegistryAuth(headerOf(request))
      const { platform } = query
      return progressReply(
        images.pull({ reference, platform: platform || undefined, auth }, { signal: request.signal }),
      )
    }),
    endpoint(routes.load, ({ query, request }) =>
      progressReply(images.load(request.body, { quiet: query.quiet, signal: request.signal })),
    ),
    endpoint(routes.save, ({ query, request }) => save(images, query.names, request)),
    endpoint(routes.prune, async ({ query, request }) => {
      const { deleted, reclaimed } = await images.prune(query.filters, { signal: request.signal })
      return jsonReply({ ImagesDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: reclaimed })
    }),
  ]
}

function imageEndpoints(images: ImageBackend): Endpoint[] {
  return [
    endpoint(routes.inspect, async ({ path, request }) =>
      jsonReply(await images.inspect(nameOf(path), { signal: request.signal })),
    ),
    endpoint(routes.history, async ({ path, request }) =>
      jsonReply(await images.history(nameOf(path), { signal: request.signal })),
    ),
    endpoint(routes.saveOne, ({ path, request }) => save(images, [nameOf(path)], request)),
    endpoint(routes.push, async ({ path, query, request }) => {
      const auth = decodeRegistryAuth(headerOf(request)) ?? (await authInBody(request))
      const push = { name: nameOf(path), tag: query.tag || undefined, auth }
      return progressReply(images.push(push, { signal: request.signal }))
    }),
    endpoint(routes.tag, async ({ path, query, request }) => {
      await images.tag(nameOf(path), query.repo ?? '', query.tag || undefined, { signal: request.signal })
      return emptyReply(201)
    }),
    endpoint(routes.remove, async ({ path, query }) =>
      // Not cancelled by a client that leaves: half a removal helps nobody.
      jsonReply(await images.remove(nameOf(path), { force: query.force })),
    ),
  ]
}

async function save(images: ImageBackend, names: readonly string[], request: EngineRequest): Promise<StreamReply> {
  const body = await images.save(names, { signal: request.signal })
  return { kind: 'stream', status: 200, contentType: 'application/x-tar', body }
}

/** A name with its tag or digest, which clients send apart. */
function joinReference(name: string | undefined, tag: string | undefined): string {
  if (!name) throw new StackError('invalid-argument', 'invalid reference format')
  if (!tag) return name
  return tag.includes(':') ? `${name}@${tag}` : `${name}:${tag}`
}

function headerOf(request: EngineRequest): string | undefined {
  const value = request.headers[registryAuthHeader]
  return Array.isArray(value) ? value[0] : value
}

/** Old clients send credentials as the body. */
async function authInBody(request: EngineRequest): Promise<AuthConfig | undefined> {
  if (request.bodyLength === 0) return undefined
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body) {
    chunks.push(chunk)
    length += chunk.byteLength
    if (length > maximumAuthBody) throw new StackError('invalid-argument', 'credentials in the body are too long')
  }
  return parseBody(Buffer.concat(chunks).toString('utf8'), decodeAuthConfig)
}

function nameOf(path: PathParameters): string {
  return path['name'] as string
}
