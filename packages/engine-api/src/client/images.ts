// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream'
import { imageRoutes as routes } from '../images/routes.ts'
import type {
  AuthConfig,
  ImageDeleteItem,
  ImageHistoryItem,
  ImageInspect,
  ImageSummary,
  ImagesPruneResult,
  ProgressMessage,
} from '../images/types.ts'
import { encodeFilters, type Filters } from '../query/filters.ts'
import { encodePlatform, type QueryPlatform } from '../query/platform.ts'
import { encodeRegistryAuth } from '../registry-auth.ts'
import { decodeJsonLines } from '../stream/json-lines.ts'
import type { CallOptions, Transport } from './transport.ts'

/** @public */
export interface ImagePullOptions extends CallOptions {
  /** Name without tag, familiar or full. */
  name: string
  /** A tag or a digest; `latest` is what clients send when the user gave none. */
  tag?: string | undefined
  platform?: string | undefined
  auth?: AuthConfig | undefined
}

/** @public */
export interface ImagePushOptions extends CallOptions {
  name: string
  /** All local tags of the name are pushed without it. */
  tag?: string | undefined
  platform?: QueryPlatform | undefined
  auth?: AuthConfig | undefined
}

/** Options of calls about one image, beside its name. @public */
export interface ImagePlatformOptions extends CallOptions {
  /** The platform whose image is meant, where the name has several. */
  platform?: QueryPlatform | undefined
}

/** @public */
export interface ImageRemoveOptions extends CallOptions {
  force?: boolean | undefined
  noPrune?: boolean | undefined
  /** Only what is for these platforms. */
  platforms?: readonly QueryPlatform[] | undefined
}

/**
 * Calls about images. Streams of {@link ProgressMessage} report failures after their start as a message with
 * `errorDetail`, not by rejecting.
 *
 * @public
 */
export interface ImageCalls {
  imageList(options?: CallOptions & { all?: boolean; digests?: boolean; filters?: Filters }): Promise<ImageSummary[]>
  imageInspect(name: string, options?: ImagePlatformOptions): Promise<ImageInspect>
  imageHistory(name: string, options?: ImagePlatformOptions): Promise<ImageHistoryItem[]>
  imagePull(options: ImagePullOptions): Promise<AsyncIterable<ProgressMessage>>
  imagePush(options: ImagePushOptions): Promise<AsyncIterable<ProgressMessage>>
  imageTag(name: string, target: { repo: string; tag?: string | undefined }, options?: CallOptions): Promise<void>
  imageRemove(name: string, options?: ImageRemoveOptions): Promise<ImageDeleteItem[]>
  /** A tar of the named images. */
  imageSave(names: readonly string[], options?: ImagePlatformOptions): Promise<Readable>
  imageLoad(
    archive: AsyncIterable<Uint8Array>,
    options?: ImagePlatformOptions & { quiet?: boolean },
  ): Promise<AsyncIterable<ProgressMessage>>
  imagesPrune(options?: CallOptions & { filters?: Filters }): Promise<ImagesPruneResult>
}

/** @internal */
export function imageCalls(transport: Transport): ImageCalls {
  return {
    imageList: ({ all, digests, filters, signal } = {}) => {
      const query = { all: flag(all), digests: flag(digests), filters: encodeFilters(filters) }
      return transport.json(routes.list, { query, signal })
    },
    imageInspect: (name, { platform, signal } = {}) =>
      transport.json(routes.inspect, { path: { name }, ...platformQuery(platform, '1.49'), signal }),
    imageHistory: (name, { platform, signal } = {}) =>
      transport.json(routes.history, { path: { name }, ...platformQuery(platform, '1.48'), signal }),
    imagePull: async ({ name, tag, platform, auth, signal }) => {
      const query = { fromImage: name, tag, platform }
      return decodeJsonLines(await transport.call(routes.create, { query, headers: authHeaders(auth), signal }))
    },
    imagePush: async ({ name, tag, platform, auth, signal }) => {
      const headers = authHeaders(auth ?? {})
      const request = { path: { name }, ...platformQuery(platform, '1.46', { tag }), headers, signal }
      return decodeJsonLines(await transport.call(routes.push, request))
    },
    imageTag: (name, { repo, tag }, { signal } = {}) =>
      transport.done(routes.tag, { path: { name }, query: { repo, tag }, signal }),
    imageRemove: (name, { force, noPrune, platforms = [], signal } = {}) => {
      const chosen = platforms.map((platform) => encodePlatform(platform) as string)
      const query = { force: flag(force), noprune: flag(noPrune), platforms: chosen }
      const needs = chosen.length > 0 ? { version: '1.50', parameter: 'platform' } : undefined
      return transport.json(routes.remove, { path: { name }, query, needs, signal })
    },
    imageSave: (names, { platform, signal } = {}) =>
      transport.call(routes.save, { ...platformQuery(platform, '1.48', { names }), signal }),
    imageLoad: async (archive, { quiet, platform, signal } = {}) => {
      const request = { ...platformQuery(platform, '1.48', { quiet: quiet ? '1' : '0' }), stream: archive, signal }
      return decodeJsonLines(await transport.call(routes.load, request))
    },
    imagesPrune: ({ filters, signal } = {}) =>
      transport.json(routes.prune, { query: { filters: encodeFilters(filters) }, signal }),
  }
}

/** A query with a platform, which only servers of `version` or newer know. */
function platformQuery<Q extends object>(platform: QueryPlatform | undefined, version: string, query?: Q) {
  const needs = platform === undefined ? undefined : { version, parameter: 'platform' }
  return { query: { ...query, platform: encodePlatform(platform) }, needs }
}

function authHeaders(auth: AuthConfig | undefined): Record<string, string> {
  return auth === undefined ? {} : { 'x-registry-auth': encodeRegistryAuth(auth) }
}

function flag(value: boolean | undefined): string | undefined {
  return value ? '1' : undefined
}
