// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'

/** The newest API version that this contract describes. @public */
export const currentApiVersion = '1.50'

/** The oldest API version that a server of this contract answers. @public */
export const minimumApiVersion = '1.24'

/** Orders two versions number by number; missing parts count as zero. Negative when `a` is the older. @public */
export function compareApiVersions(a: string, b: string): number {
  const left = a.split('.').map(Number)
  const right = b.split('.').map(Number)
  for (let part = 0; part < Math.max(left.length, right.length); part++) {
    const difference = (left[part] ?? 0) - (right[part] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/**
 * Throws `invalid-argument`, with the text that clients show to people, unless `version` lies in the window that a
 * server of this contract answers.
 *
 * @public
 */
export function checkApiVersion(version: string): void {
  if (compareApiVersions(version, minimumApiVersion) < 0) {
    throw new StackError(
      'invalid-argument',
      `client version ${version} is too old. Minimum supported API version is ${minimumApiVersion}, ` +
        'please upgrade your client to a newer version',
    )
  }
  if (compareApiVersions(version, currentApiVersion) > 0) {
    throw new StackError(
      'invalid-argument',
      `client version ${version} is too new. Maximum supported API version is ${currentApiVersion}`,
    )
  }
}

/** A request path without its version: `/v1.41/info` is `/info` in version 1.41. @public */
export interface VersionedPath {
  /** Undefined when the path names none; the server then answers in its newest. */
  version: string | undefined
  path: string
}

/** Splits `/v<digits and dots>` off a path. Text that only looks alike (`/v1x/info`) stays part of the path. @public */
export function splitApiVersion(path: string): VersionedPath {
  const match = /^\/v([0-9.]{1,32})(\/.*)$/.exec(path)
  return match ? { version: match[1], path: match[2] as string } : { version: undefined, path }
}
