// SPDX-License-Identifier: Apache-2.0
import { getSystemErrorName } from 'node:util'

/** The name of a positive error number, such as `EEXIST` for 17. @internal */
export function errnoName(errno: number): string {
  try {
    return getSystemErrorName(-errno)
  } catch {
    return `E${errno}`
  }
}
