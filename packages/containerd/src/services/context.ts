// SPDX-License-Identifier: Apache-2.0
import { leaseOf, namespaceOf } from '@teu/containerd-api'
import type { CallOptions } from '@teu/ttrpc'

/** What a namespaced call says beside its request. */
export interface CallContext {
  namespace: string
  lease: string | undefined
  signal: AbortSignal | undefined
}

/** @throws `failed-precondition` without a namespace, `invalid-argument` with a malformed one */
export function contextOf(options: CallOptions | undefined): CallContext {
  return { namespace: namespaceOf(options), lease: leaseOf(options), signal: options?.signal }
}
