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
  auth?: AuthConfig | undefined
}

/**
 * Calls about images. Streams of {@link ProgressMessage} report failures after their start as a message with
 * `errorDetail`, not by rejecting.
 *
 * @public
 */
export interface ImageCalls {
  imageList(options?: CallOptions & { all?: boolean; digests?: boolean; filters?: Filters }): Promise<ImageSummary[]>
  imageInspect(name: string, options?: CallOptions): Promise<ImageInspect>
  imageHistory(name: string, options?: CallOptions): Promise<ImageHistoryItem[]>
  imagePull(options: ImagePullOptions): Promise<AsyncIterable<ProgressMessage>>
  imagePush(options: ImagePushOptions): Promise<AsyncIterable<ProgressMessage>>
  imageTag(name: string, target: { repo: string; tag?: string | undefined }, options?: CallOptions): Promise<void>
  imageRemove(name: string, options?: CallOptions & { force?: boolean; noPrune?: boolean }): Promise<ImageDeleteItem[]>
  /** A tar of the named images. */
  imageSave(names: readonly string[], options?: CallOptions): Promise<Readable>
  imageLoad(
    archive: AsyncIterable<Uint8Array>,
    options?: CallOptions & { quiet?: boolean },
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
    imageInspect: (name, { signal } = {}) => transport.json(routes.inspect, { path: { name }, signal }),
    imageHistory: (name, { signal } = {}) => transport.json(routes.history, { path: { name }, signal }),
    imagePull: async ({ name, tag, platform, auth, signal }) => {
      const query = { fromImage: name, tag, platform }
      return decodeJsonLines(await transport.call(routes.create, { query, headers: authHeaders(auth), signal }))
    },
    imagePush: async ({ name, tag, auth, signal }) => {
      const headers = authHeaders(auth ?? {})
      return decodeJsonLines(await transport.call(routes.push, { path: { name }, query: { tag }, headers, signal }))
    },
    imageTag: (name, { repo, tag }, { signal } = {}) =>
      transport.done(routes.tag, { path: { name }, query: { repo, tag }, signal }),
    imageRemove: (name, { force, noPrune, signal } = {}) => {
      const query = { force: flag(force), noprune: flag(noPrune) }
      return transport.json(routes.remove, { path: { name }, query, signal })
    },
    imageSave: (names, { signal } = {}) => transport.call(routes.save, { query: { names }, signal }),
    imageLoad: async (archive, { quiet, signal } = {}) => {
      const query = { quiet: quiet ? '1' : '0' }
      return decodeJsonLines(await transport.call(routes.load, { query, stream: archive, signal }))
    },
    imagesPrune: ({ filters, signal } = {}) =>
      transport.json(routes.prune, { query: { filters: encodeFilters(filters) }, signal }),
  }
}

function authHeaders(auth: AuthConfig | undefined): Record<string, string> {
  return auth === undefined ? {} : { 'x-registry-auth': encodeRegistryAuth(auth) }
}

function flag(value: boolean | undefined): string | undefined {
  return value ? '1' : undefined
}
