// SPDX-License-Identifier: Apache-2.0
import { type ErrorCode, StackError } from '@teu/errors'
import type { RegistryErrorCode } from '@teu/oci-spec/distribution'

const codes: Partial<Record<RegistryErrorCode, ErrorCode>> = {
  MANIFEST_BLOB_UNKNOWN: 'failed-precondition',
  MANIFEST_INVALID: 'invalid-argument',
  DIGEST_INVALID: 'invalid-argument',
  BLOB_UPLOAD_UNKNOWN: 'not-found',
  DENIED: 'permission-denied',
}

/** A refusal for a reason that the distribution protocol has a code for. @internal */
export class Refusal extends StackError {
  readonly registryCode: RegistryErrorCode
  readonly detail: unknown

  constructor(registryCode: RegistryErrorCode, message: string, detail: unknown = message) {
    super(codes[registryCode] ?? 'unknown', message)
    this.registryCode = registryCode
    this.detail = detail
  }
}
