// SPDX-License-Identifier: Apache-2.0
import { codeOf, messageOf } from '@teu/errors'
import { Failure } from '../failure.ts'

/** Whether a failure says that a registry could not be asked, rather than what it answered. @internal */
export function isOutage(error: unknown): boolean {
  return ['unavailable', 'deadline-exceeded', 'resource-exhausted', 'data-loss', 'failed-precondition'].includes(
    codeOf(error),
  )
}

/**
 * What callers are told when the other registry did not give what they asked for. What it does not show to this cache
 * does not exist for its callers.
 *
 * @internal
 */
export function upstreamFailure(
  error: unknown,
  missing: 'MANIFEST_UNKNOWN' | 'BLOB_UNKNOWN' | 'NAME_UNKNOWN',
): Failure {
  return error instanceof Failure ? error : Object.assign(failureFor(error, missing), { cause: error })
}

function failureFor(error: unknown, missing: Parameters<typeof upstreamFailure>[1]): Failure {
  switch (codeOf(error)) {
    case 'not-found':
    case 'unauthenticated':
    case 'permission-denied':
      return new Failure(missing, `upstream: ${messageOf(error)}`)
    case 'resource-exhausted':
      return new Failure('TOOMANYREQUESTS', `upstream: ${messageOf(error)}`, { headers: { 'retry-after': '60' } })
    default:
      return new Failure('UNAVAILABLE', `upstream: ${messageOf(error)}`, { headers: { 'retry-after': '10' } })
  }
}
