// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'

/** One request, free of any framework. */
export interface EngineRequest {
  readonly method: string
  /** Without the version and the query; still percent-encoded. */
  readonly path: string
  /** The version asked for; the newest when the path names none. */
  readonly apiVersion: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** The length of the body; undefined when it comes in chunks, 0 when there is none. */
  readonly bodyLength: number | undefined
  readonly body: AsyncIterable<Uint8Array>
  /** Whether the client asked to take the connection over. */
  readonly upgrade: boolean
  /** Aborted when the client has gone before the reply was complete. */
  readonly signal: AbortSignal
}

/** What a handler answers; the adapter carries it out. */
export type Reply =
  | { kind: 'empty'; status: number; headers?: Readonly<Record<string, string>> }
  | { kind: 'json'; status: number; value: unknown }
  | { kind: 'text'; status: number; text: string; headers?: Readonly<Record<string, string>> }
  | StreamReply
  | { kind: 'redirect'; location: string }
  | UpgradeReply

/** A reply whose headers go out at once and whose body follows as it comes, with back-pressure. */
export interface StreamReply {
  kind: 'stream'
  status: number
  contentType: string
  body: AsyncIterable<string | Uint8Array>
  headers?: Readonly<Record<string, string>>
  /** Sends the last line when the body throws; without it the connection is cut, so that the client sees a failure. */
  onFailure?: (error: unknown) => string
}

/** A reply that takes the connection over once its head has been sent. */
export interface UpgradeReply {
  kind: 'upgrade'
  contentType: string
  /**
   * Owns the connection until it settles; then the connection is ended. A rejection cuts it. The signal is aborted
   * when the client has gone.
   */
  run(connection: Duplex, signal: AbortSignal): Promise<void>
}

/** A reply with a JSON value; 200 unless said otherwise. */
export function jsonReply(value: unknown, status = 200): Reply {
  return { kind: 'json', status, value }
}

/** A reply without a body; 204 unless said otherwise. */
export function emptyReply(status = 204, headers?: Readonly<Record<string, string>>): Reply {
  return headers ? { kind: 'empty', status, headers } : { kind: 'empty', status }
}
