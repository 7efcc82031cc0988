// SPDX-License-Identifier: Apache-2.0
import type { ErrorCode } from './codes.ts'

/**
 * The status number of each class on gRPC and on ttrpc, which share one table (google.rpc.Code). Three classes
 * travel as FAILED_PRECONDITION; containerd's Go client tells them apart by the end of the message.
 */
const toNumber: Record<ErrorCode, number> = {
  cancelled: 1,
  unknown: 2,
  'invalid-argument': 3,
  'deadline-exceeded': 4,
  'not-found': 5,
  'already-exists': 6,
  'permission-denied': 7,
  'resource-exhausted': 8,
  'failed-precondition': 9,
  conflict: 9,
  'not-modified': 9,
  aborted: 10,
  'out-of-range': 11,
  'not-implemented': 12,
  internal: 13,
  unavailable: 14,
  'data-loss': 15,
  unauthenticated: 16,
}

const fromNumber = new Map<number, ErrorCode>(
  (Object.entries(toNumber) as [ErrorCode, number][])
    .filter(([code]) => code !== 'conflict' && code !== 'not-modified')
    .map(([code, number]) => [number, code]),
)

/** The gRPC status number of a class. @public */
export function grpcCodeOf(code: ErrorCode): number {
  return toNumber[code]
}

/** The class of a gRPC status: the number, refined by the message for the classes that share one. @public */
export function codeFromGrpc(status: number, message = ''): ErrorCode {
  if (status === 9 && message.endsWith(': conflict')) return 'conflict'
  if (status === 9 && message.endsWith(': not modified')) return 'not-modified'
  return fromNumber.get(status) ?? 'unknown'
}
