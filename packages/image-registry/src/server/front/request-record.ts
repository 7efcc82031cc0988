// SPDX-License-Identifier: Apache-2.0
import type { Route } from '../router.ts'

/** A request that is over, as logs and metrics see it. Nothing in it is secret. @public */
export interface RequestRecord {
  method: string
  /** Without the query, which may hold state or names of users. At most 512 characters. */
  path: string
  /** What kind of place the path names; `page` is one made for people, `none` nothing. */
  route: Route['kind'] | 'token' | 'page' | 'metrics' | 'health' | 'none'
  /** Absent where the path names none. */
  repository?: string
  /** As answered; 499 when the caller went away before. */
  status: number
  /** From the request's headers to the answer's last byte, in milliseconds. */
  durationMs: number
  /** Bytes of the body that came. */
  received: number
  /** Bytes of the body that went. */
  sent: number
  address: string
  user?: string
  /** At most 256 characters. */
  userAgent?: string
  /** The first error's code of the registry's protocol, in answers from 400 on. */
  code?: string
}
