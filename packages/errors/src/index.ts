// SPDX-License-Identifier: Apache-2.0
/**
 * One small set of error codes for every layer of the stack, and the codec of each wire that carries them. It serves
 * no seam and consumes none; every contract package stands on it.
 *
 * @example
 * ```ts
 * import { isNotFound, StackError } from '@teu/errors'
 *
 * try {
 *   throw new StackError('not-found', 'no such image: busybox')
 * } catch (error) {
 *   console.log(isNotFound(error)) // true
 * }
 * ```
 *
 * @packageDocumentation
 */
export { type ErrorCode, errorCodes } from './codes.ts'
export { codeFromGrpc, grpcCodeOf } from './grpc-code.ts'
export { codeFromHttp, httpStatusOf } from './http-status.ts'
export {
  codeOf,
  hasCode,
  isAlreadyExists,
  isCancelled,
  isNotFound,
  isUnavailable,
  messageOf,
  toStackError,
  wrap,
} from './resolve.ts'
export { isStackError, StackError, type StackErrorOptions } from './stack-error.ts'
