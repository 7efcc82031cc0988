// SPDX-License-Identifier: Apache-2.0
import { codeFromGrpc, codeOf, grpcCodeOf, messageOf, StackError } from '@teu/errors'

/** How a failed call is spelled on the gRPC wire. @public */
export interface GrpcStatus {
  /** A number of google.rpc.Code. */
  code: number
  /** The message, as people read it. */
  details: string
}

/**
 * The gRPC status of a failure: its class as a number, its message as the details. The classes that share a number
 * are told apart by the end of the message, which is added when it is missing.
 *
 * @public
 */
export function grpcStatusOf(error: unknown): GrpcStatus {
  const code = codeOf(error)
  const message = messageOf(error)
  const suffix = code === 'conflict' ? ': conflict' : code === 'not-modified' ? ': not modified' : ''
  return { code: grpcCodeOf(code), details: message.endsWith(suffix) ? message : `${message}${suffix}` }
}

/** The failure that a gRPC status tells of, as a `StackError` of the matching class. @public */
export function errorFromGrpcStatus(status: { code: number; details: string }, cause?: unknown): StackError {
  const message = status.details === '' ? `call failed with status ${status.code}` : status.details
  return new StackError(codeFromGrpc(status.code, status.details), message, { cause })
}
