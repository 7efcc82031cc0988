// SPDX-License-Identifier: Apache-2.0
import type { ErrorCode } from './codes.ts'

/** The HTTP status of each class, as the Docker Engine API answers it. */
const toStatus: Record<ErrorCode, number> = {
  'not-modified': 304,
  'invalid-argument': 400,
  'failed-precondition': 400,
  'out-of-range': 400,
  unauthenticated: 401,
  'permission-denied': 403,
  'not-found': 404,
  'already-exists': 409,
  conflict: 409,
  'resource-exhausted': 429,
  cancelled: 499,
  unknown: 500,
  'deadline-exceeded': 500,
  aborted: 500,
  internal: 500,
  'data-loss': 500,
  'not-implemented': 501,
  unavailable: 503,
}

const fromStatus = new Map<number, ErrorCode>([
  [304, 'not-modified'],
  [400, 'invalid-argument'],
  [401, 'unauthenticated'],
  [403, 'permission-denied'],
  [404, 'not-found'],
  [409, 'conflict'],
  [429, 'resource-exhausted'],
  [499, 'cancelled'],
  [501, 'not-implemented'],
  [503, 'unavailable'],
])

/** The HTTP status of a class. @public */
export function httpStatusOf(code: ErrorCode): number {
  return toStatus[code]
}

/** The class of an HTTP status; another 4xx is `invalid-argument`, anything else `internal`. @public */
export function codeFromHttp(status: number): ErrorCode {
  return fromStatus.get(status) ?? (status >= 400 && status < 500 ? 'invalid-argument' : 'internal')
}
