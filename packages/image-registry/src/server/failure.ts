// SPDX-License-Identifier: Apache-2.0
import { codeOf, isStackError, messageOf } from '@teu/errors'
import { type RegistryErrorCode, registryErrorStatus } from '@teu/oci-spec/distribution'
import { Refusal } from '../store/refusal.ts'

/** The text of each code, as Docker's registry gives it. */
const messages: Record<RegistryErrorCode, string> = {
  BLOB_UNKNOWN: 'blob unknown to registry',
  BLOB_UPLOAD_INVALID: 'blob upload invalid',
  BLOB_UPLOAD_UNKNOWN: 'blob upload unknown to registry',
  DIGEST_INVALID: 'provided digest did not match uploaded content',
  MANIFEST_BLOB_UNKNOWN: 'blob unknown to registry',
  MANIFEST_INVALID: 'manifest invalid',
  MANIFEST_UNKNOWN: 'manifest unknown',
  NAME_INVALID: 'invalid repository name',
  NAME_UNKNOWN: 'repository name not known to registry',
  SIZE_INVALID: 'provided length did not match content length',
  UNAUTHORIZED: 'authentication required',
  DENIED: 'requested access to the resource is denied',
  UNSUPPORTED: 'The operation is unsupported.',
  TOOMANYREQUESTS: 'too many requests',
  TAG_INVALID: 'manifest tag did not match URI',
  RANGE_INVALID: 'invalid content range',
  PAGINATION_NUMBER_INVALID: 'invalid number of results requested',
  UNAVAILABLE: 'service unavailable',
  UNKNOWN: 'unknown error',
}

/** What these say depends on why, which is their text where it is known. */
const explained: ReadonlySet<RegistryErrorCode> = new Set([
  ...(['DENIED', 'SIZE_INVALID', 'UNSUPPORTED', 'TOOMANYREQUESTS', 'UNAVAILABLE'] as const),
])

/** Of an error's parts docker and skopeo show its code and its message, so a reason has to be in that. */
function messageFor(code: RegistryErrorCode, detail: unknown): string {
  if (typeof detail !== 'string') return messages[code]
  return explained.has(code) ? detail : `${messages[code]}: ${detail}`
}

/** A refusal that goes to the caller. @internal */
export class Failure extends Error {
  readonly code: RegistryErrorCode
  readonly status: number
  readonly detail: unknown
  readonly headers: Record<string, string>

  constructor(
    code: RegistryErrorCode,
    detail?: unknown,
    options: { status?: number; headers?: Record<string, string> } = {},
  ) {
    super(messageFor(code, detail))
    this.name = 'Failure'
    this.code = code
    this.detail = detail
    this.status = options.status ?? registryErrorStatus[code]
    this.headers = options.headers ?? {}
  }

  body(): string {
    const error = {
      code: this.code,
      message: this.message,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
    }
    return `${JSON.stringify({ errors: [error] })}\n`
  }
}

/** What the caller is told of any error. What is not a refusal says nothing of its inside. @internal */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error
  if (error instanceof Refusal) return new Failure(error.registryCode, error.detail)
  if (isStackError(error) && codeOf(error) === 'invalid-argument')
    return new Failure('MANIFEST_INVALID', messageOf(error))
  if (isStackError(error) && codeOf(error) === 'resource-exhausted') return new Failure('UNAVAILABLE', 'no space left')
  return new Failure('UNKNOWN')
}
