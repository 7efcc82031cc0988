// SPDX-License-Identifier: Apache-2.0
import {
  type AuthConfig,
  decodeAuthConfig,
  decodeRegistryAuth,
  type PathParameters,
  parseBody,
  type QueryPlatform,
  registryAuthHeader,
  imageRoutes as routes,
} from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { parseReference } from '@teu/oci-spec/distribution'
import { type EngineRequest, emptyReply, jsonReply, type StreamReply } from '../../http/exchange.ts'
import { type Endpoint, endpoint } from '../../http/router.ts'
import type { ImageBackend } from './backend.ts'
import { inspectIn, summaryIn } from './image-shapes.ts'
import { loadReply, progressReply } from './progress-reply.ts'

/** Longest credentials in a push's body, in bytes; the header is where they belong. */
const maximumAuthBody = 64 * 1024

/** Endpoints of images. Fixed paths stand before those whose names take everything. */
export function imagesRouter(images: ImageBackend): Endpoint[] {
  return [...collectionEndpoints(images), ...imageEndpoints(images)]
}

function collectionEndpoints(images: ImageBackend): Endpoint[] {
  return [
    endpoint(routes.list, async ({ query, request }) =>
      jsonReply(
        (
          await images.list({
            all: query.all,
            sharedSize: query['shared-size'],
            filters: query.filters,
            signal: request.signal,
          })
        ).map((image) => summaryIn(request.apiVersion, image)),
      ),
    ),
    endpoint(routes.create, ({ query, request }) => {
      if (query.fromSrc) throw new StackError('not-implemented', 'importing an image from an archive is not supported')
      const reference = joinReference(query.fromImage, query.tag)
      const auth = decodeRegistryAuth(headerOf(request))
      const { platform } = query
      const pull = { reference, all: namesAll(reference), platform: platform || undefined, auth }
      return progressReply(images.pull(pull, { signal: request.signal }))
    }),
    endpoint(routes.load, ({ query, request }) =>
      loadReply(images.load(request.body, { quiet: query.quiet, platform: query.platform, signal: request.signal })),
    ),
    endpoint(routes.save, ({ query, request }) => save(images, query.names, query.platform, request)),
    endpoint(routes.prune, async ({ query, request }) => {
      const { deleted, reclaimed } = await images.prune(query.filters, { signal: request.signal })
      return jsonReply({ ImagesDeleted: deleted.length > 0 ? deleted : null, SpaceReclaimed: reclaimed })
    }),
  ]
}

function imageEndpoints(images: ImageBackend): Endpoint[] {
  return [
    endpoint(routes.inspect, async ({ path, query, request }) => {
      const options = { platform: query.platform, signal: request.signal }
      return jsonReply(inspectIn(request.apiVersion, await images.inspect(nameOf(path), options)))
    }),
    endpoint(routes.history, async ({ path, query, request }) =>
      jsonReply(await images.history(nameOf(path), { platform: query.platform, signal: request.signal })),
    ),
    endpoint(routes.saveOne, ({ path, query, request }) => save(images, [nameOf(path)], query.platform, request)),
    endpoint(routes.push, async ({ path, query, request }) => {
      const auth = decodeRegistryAuth(headerOf(request)) ?? (await authInBody(request))
      const push = { name: nameOf(path), tag: query.tag || undefined, platform: query.platform, auth }
      return progressReply(images.push(push, { signal: request.signal }))
    }),
    endpoint(routes.tag, async ({ path, query, request }) => {
      await images.tag(nameOf(path), query.repo ?? '', query.tag || undefined, { signal: request.signal })
      return emptyReply(201)
    }),
    endpoint(routes.remove, async ({ path, query }) =>
      // Not cancelled by a client that leaves: half a removal helps nobody.
      jsonReply(await images.remove(nameOf(path), { force: query.force, platforms: query.platforms })),
    ),
  ]
}

async function save(
  images: ImageBackend,
  names: readonly string[],
  platform: QueryPlatform | undefined,
  request: EngineRequest,
): Promise<StreamReply> {
  const body = await images.save(names, { platform, signal: request.signal })
  return { kind: 'stream', status: 200, contentType: 'application/x-tar', body }
}

/** A name with its tag or digest, which clients send apart. */
function joinReference(text: string | undefined, tag: string | undefined): string {
  // A colon at the end is how old clients ask for all tags.
  const name = text?.replace(/:$/, '')
  if (!name) throw new StackError('invalid-argument', 'invalid reference format')
  if (!tag) return name
  return tag.includes(':') ? `${name}@${tag}` : `${name}:${tag}`
}

/** Whether a pull's name has neither tag nor digest: then all tags are meant. */
function namesAll(reference: string): boolean {
  const { tag, digest } = parseReference(reference)
  return tag === undefined && digest === undefined
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
