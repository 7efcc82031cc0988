// SPDX-License-Identifier: Apache-2.0
import type { Filters } from './query/filters.ts'
import type { QueryPlatform } from './query/platform.ts'

/**
 * How a query value is spelt: `flag` a boolean, `text` as it is, `integer` a decimal int64 within a double's exact
 * range, `size` an unsigned 32-bit number, `list` a repeated key, `filters` JSON, `platform`
 * an OCI platform in JSON, `platforms` a repeated one, `time` a point in time.
 *
 * @public
 */
export type QueryKind = 'flag' | 'text' | 'integer' | 'size' | 'list' | 'filters' | 'platform' | 'platforms' | 'time'

/** What a request carries: nothing, JSON, or bytes (a tar). @public */
export type BodyKind = 'none' | 'json' | 'bytes'

/** What a reply carries: nothing, JSON, bytes, JSON lines, or a hijacked connection. @public */
export type AnswerKind = 'empty' | 'json' | 'text' | 'bytes' | 'lines' | 'upgrade'

/** One endpoint as data: the client builds requests from it, the server matches requests with it. @public */
export interface Route {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  /** Segments in braces are parameters; `{name*}` may contain slashes. */
  readonly path: string
  /** First API version that has the endpoint; an older request gets 400. */
  readonly since?: string
  readonly query: Readonly<Record<string, QueryKind>>
  readonly body: BodyKind
  readonly answer: AnswerKind
  /** Every status that the endpoint may answer. */
  readonly codes: readonly number[]
}

/** The value of each query kind, decoded. An absent text, integer, size, platform or time is undefined. @public */
export interface QueryValues {
  flag: boolean
  text: string | undefined
  integer: number | undefined
  size: number | undefined
  list: string[]
  filters: Filters
  platform: QueryPlatform | undefined
  platforms: QueryPlatform[]
  /** Nanoseconds since 1970. */
  time: bigint | undefined
}

/** The decoded query of a route. @public */
export type QueryOf<R extends Route> = { [K in keyof R['query']]: QueryValues[R['query'][K]] }

/** What a route takes when nothing is said. */
const defaults = { query: {}, body: 'none', answer: 'json', codes: [200, 500] } as const

/** A {@link Route} with the usual values filled in: no query, no body, a JSON answer. @public */
export function route<const R extends Pick<Route, 'method' | 'path'> & Partial<Route>>(
  row: R,
): Omit<typeof defaults, keyof R> & R {
  return { ...defaults, ...row }
}
