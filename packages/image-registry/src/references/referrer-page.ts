// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '@teu/oci-spec/image'

/** Which manifests about another are asked for. @internal */
export interface ReferrerPage {
  artifactType?: string | undefined
  /** Only digests behind this one. */
  last: string
  limit: number
  /** How long their descriptors may be together as JSON; one is given in any case. */
  bytes: number
}

/** A page of them. @internal */
export interface ReferrerList {
  descriptors: Descriptor[]
  isMore: boolean
}

/** As many descriptors, of those that are in the order of their digests, as fit. @internal */
export function takePage(sorted: Iterable<Descriptor>, { limit, bytes }: ReferrerPage): ReferrerList {
  const descriptors: Descriptor[] = []
  let length = 0
  for (const descriptor of sorted) {
    length += Buffer.byteLength(JSON.stringify(descriptor)) + 1
    if (descriptors.length === limit || (length > bytes && descriptors.length > 0)) return { descriptors, isMore: true }
    descriptors.push(descriptor)
  }
  return { descriptors, isMore: false }
}
