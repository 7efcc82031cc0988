// SPDX-License-Identifier: Apache-2.0
import type { ErrorCode } from '@teu/errors'

/** What the daemon says to a worker: one job at a time. */
export type ToTreeWorker = { kind: 'run'; name: string; input: unknown } | { kind: 'abort' } | { kind: 'more' }

/** What a worker says to the daemon. An error travels as its parts, because a clone would lose its class. */
export type FromTreeWorker =
  | { kind: 'chunk'; data: Uint8Array }
  | { kind: 'done'; result: unknown }
  | { kind: 'failed'; code: ErrorCode; message: string; errno: string | undefined }
