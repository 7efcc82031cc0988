// SPDX-License-Identifier: Apache-2.0
import type { ErrorCode } from './codes.ts'

const brand = Symbol.for('@teu/errors/StackError')

/** What a {@link StackError} carries beside its code and message. @public */
export interface StackErrorOptions {
  /** The failure below this one; kept as `error.cause` and searched by {@link codeOf}. */
  cause?: unknown
}

/**
 * The one error class of the stack: a code that programs test, and a message that people read. Messages are lower
 * case, name the object that failed, and never hold a secret.
 *
 * Two copies of this package recognise one another's errors: use {@link isStackError} or the predicates, never
 * `instanceof` across packages.
 *
 * @public
 */
export class StackError extends Error {
  readonly code: ErrorCode
  readonly [brand] = true

  constructor(code: ErrorCode, message: string, options: StackErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.name = 'StackError'
    this.code = code
  }
}

/** Whether `value` is a {@link StackError}, of this copy of the package or of another. @public */
export function isStackError(value: unknown): value is StackError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
}
