// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '@teu/oci-spec/image'

/**
 * What can be wrong with a store.
 *
 * - `corrupt-blob`: bytes that are not those of their digest. Repair removes them, so that the next push brings them again.
 * - `missing-blob`: a repository holds a blob without bytes. Repair takes it from the repository, so that a push sends it again.
 * - `missing-manifest`: the same of a manifest; repair removes its tags as well.
 * - `missing-target`: a manifest points at what is not stored, or not in its repository. Nothing but a push repairs it.
 * - `unreadable-manifest`: bytes that are no manifest this registry knows. Nothing of its repository is collected. Not repaired.
 * - `broken-link`: a link that does not hold the digest of its place, or none. Repair writes it anew, or removes a tag.
 * - `dangling-tag`: a tag of a manifest that the repository does not hold. Repair removes the tag.
 * - `orphan-file`: a file that belongs to nothing. Repair removes it.
 * - `index-differs`: the index says something else than the storage. Repair reads the repository again.
 *
 * @public
 */
export type FindingKind =
  | 'corrupt-blob'
  | 'missing-blob'
  | 'missing-manifest'
  | 'missing-target'
  | 'unreadable-manifest'
  | 'broken-link'
  | 'dangling-tag'
  | 'orphan-file'
  | 'index-differs'

/** One thing that is wrong. @public */
export interface Finding {
  kind: FindingKind
  /** What is wrong, for people. */
  message: string
  /** Where in the storage. */
  path: string
  repository?: string
  digest?: Digest
  /** Whether it was put right. */
  repaired: boolean
}

/** A finding and how to put it right; without `repair`, nobody can. @internal */
export interface Suspicion extends Omit<Finding, 'repaired'> {
  repair?: () => Promise<void>
}
