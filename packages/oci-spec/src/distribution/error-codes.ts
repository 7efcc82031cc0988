// SPDX-License-Identifier: Apache-2.0

/** Codes of errors in a registry's answers, and the status that each comes with. The last five are distribution's own. @public */
export const registryErrorStatus = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 404,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
  TAG_INVALID: 400,
  RANGE_INVALID: 416,
  PAGINATION_NUMBER_INVALID: 400,
  UNAVAILABLE: 503,
  UNKNOWN: 500,
} as const

/** One of the codes of {@link registryErrorStatus}. @public */
export type RegistryErrorCode = keyof typeof registryErrorStatus

/** One error of an answer. `detail` has no fixed form. @public */
export interface RegistryError {
  code: string
  message: string
  detail?: unknown
}

/** The body of an answer with a status of 400 and above. @public */
export interface RegistryErrorBody {
  errors: RegistryError[]
}

/** At most this many errors of a body are read. */
const maximumErrors = 16

/**
 * The errors of an answer's body. A body of another form yields none: proxies answer with pages of their own. The token
 * services' `{"details": ""}` and `{"message": ""}` are read as one error.
 *
 * @public
 */
export function parseErrorBody(body: string): RegistryError[] {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return []
  }
  if (typeof value !== 'object' || value === null) return []
  if ('errors' in value && Array.isArray(value.errors)) return value.errors.slice(0, maximumErrors).flatMap(errorOf)
  const plain = (value as Record<string, unknown>).details ?? (value as Record<string, unknown>).message
  return typeof plain === 'string' ? [{ code: 'UNKNOWN', message: plain }] : []
}

function errorOf(value: unknown): RegistryError[] {
  if (typeof value !== 'object' || value === null) return []
  const { code, message, detail } = value as Record<string, unknown>
  if (typeof code !== 'string') return []
  return [{ code, message: typeof message === 'string' ? message : '', ...(detail === undefined ? {} : { detail }) }]
}
