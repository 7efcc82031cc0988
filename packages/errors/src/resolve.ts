// SPDX-License-Identifier: Apache-2.0
import type { ErrorCode } from './codes.ts'
import { isStackError, StackError } from './stack-error.ts'

/** How far a cause chain is followed: longer ones are loops or noise. */
const maximumDepth = 32

/**
 * The class of a failure: the outermost code in the cause chain. An `AbortError` is `cancelled`, a `TimeoutError`
 * is `deadline-exceeded`, anything without a code is `unknown`.
 *
 * @public
 */
export function codeOf(error: unknown): ErrorCode {
  let current = error
  for (let depth = 0; depth < maximumDepth && typeof current === 'object' && current !== null; depth++) {
    if (isStackError(current)) return current.code
    const { name, cause } = current as { name?: unknown; cause?: unknown }
    if (name === 'AbortError') return 'cancelled'
    if (name === 'TimeoutError') return 'deadline-exceeded'
    current = cause
  }
  return 'unknown'
}

/** Whether the outermost known class of `error` is `code`. @public */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return codeOf(error) === code
}

/** Whether the failure is that something does not exist. @public */
export function isNotFound(error: unknown): boolean {
  return hasCode(error, 'not-found')
}

/** Whether the failure is that something exists already. @public */
export function isAlreadyExists(error: unknown): boolean {
  return hasCode(error, 'already-exists')
}

/** Whether the failure is that the caller gave up: an aborted signal. @public */
export function isCancelled(error: unknown): boolean {
  return hasCode(error, 'cancelled')
}

/** Whether a peer could not be reached, or went away. @public */
export function isUnavailable(error: unknown): boolean {
  return hasCode(error, 'unavailable')
}

/** The message of anything that was thrown, on one line. @public */
export function messageOf(error: unknown): string {
  return error instanceof Error || isStackError(error) ? error.message : String(error)
}

/**
 * `error` as a {@link StackError}: itself when it is one, else a new one of the same class with `error` as its
 * cause.
 *
 * @public
 */
export function toStackError(error: unknown): StackError {
  return isStackError(error) ? error : new StackError(codeOf(error), messageOf(error), { cause: error })
}

/**
 * A new error of the same class whose message starts with what was being done, as in `mount /proc: permission
 * denied`.
 *
 * @public
 */
export function wrap(error: unknown, doing: string): StackError {
  return new StackError(codeOf(error), `${doing}: ${messageOf(error)}`, { cause: error })
}
