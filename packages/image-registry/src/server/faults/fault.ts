// SPDX-License-Identifier: Apache-2.0

/** What a request is about. @public */
export type FaultKind = 'ping' | 'catalog' | 'tags' | 'manifest' | 'blob' | 'upload' | 'referrers' | 'other'

/** Which requests a fault strikes: those that fit everything that is said. @public */
export interface FaultTarget {
  /** `GET`, or several. */
  method?: string | readonly string[]
  kind?: FaultKind | readonly FaultKind[]
  /** What the path, with its query, has to match. */
  path?: RegExp
}

/**
 * What goes wrong. Bytes are those of a body, from 0 on.
 *
 * - `status`: answered with that, and a registry's error body; nothing is done. `retryAfter` becomes the header, in seconds or as a date.
 * - `drop`: the connection is closed after so many bytes of the answer; with 0 bytes, before its head.
 * - `drop-request`: the connection is closed when so many bytes of the request's body were taken.
 * - `stall`, `stall-request`: the same places, but nothing more is sent, or read, while the connection stays open. With 0
 *   bytes of the answer its head does not come either, though what was asked for is done.
 * - `slow`: so many bytes a second, in both directions.
 * - `delay`: nothing happens for so long, and then all is well.
 * - `corrupt`: one bit of the answer is wrong, so its digest is, too.
 * - `ignore-range`: the whole is sent to who asked for a part.
 *
 * @public
 */
export type FaultAction =
  | { do: 'status'; status: number; retryAfter?: number | string; code?: string }
  | { do: 'drop' | 'drop-request' | 'stall' | 'stall-request'; atByte: number }
  | { do: 'slow'; bytesPerSecond: number }
  | { do: 'delay'; ms: number }
  | { do: 'corrupt'; atByte?: number }
  | { do: 'ignore-range' }

/**
 * Something that is to go wrong, for tests of clients. A fault counts by itself which requests it has seen, so each test
 * makes its own.
 *
 * @public
 */
export type Fault = FaultAction & {
  /** Default: every request. */
  on?: FaultTarget
  /** How many requests that it would strike are let through before. Default 0. */
  after?: number
  /** How many are struck then. Default 1; `Infinity` for all. */
  times?: number
  /** Told when it strikes. */
  onStrike?: (request: { method: string; path: string }) => void
}
