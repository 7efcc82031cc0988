// SPDX-License-Identifier: Apache-2.0
import type { StoreLimits } from '../../store/limits.ts'
import type { Rate } from './buckets.ts'

/** What callers may use of a registry. Rules, and functions that are asked besides them on each write. @public */
export interface LimitsInit extends StoreLimits {
  /** Requests of a user, or of a host for who is none: 429 above. Default: no limit. */
  requests?: Rate
  /** Manifests that they pull, counted as Docker Hub does: GET counts, HEAD does not. Default: no limit. */
  pulls?: Rate
  /** The longest manifest that is taken, in bytes; 413 above. At most, and by default, 4 MiB. */
  manifestBytes?: number
  /** The longest blob that is taken, in bytes; 413 above. Default: no limit. */
  blobBytes?: number
  /** How much a repository may hold. The first rule whose pattern matches counts. Default: no limit. */
  quotas?: readonly QuotaRule[]
  /**
   * Tags that keep their manifest once they are set, as `REPOSITORIES:TAGS`, both patterns: `team/**:v*`. They can be
   * neither moved nor deleted (403). Default: none.
   */
  immutableTags?: readonly string[]
  /** Connections at a time; more are turned away. Default: no limit. */
  connections?: number
  /** A connection on which nothing moves for so long is closed, in milliseconds. Default 300,000. */
  idleMs?: number
}

/** How many bytes each repository that matches a pattern may hold, blobs and manifests together. @public */
export interface QuotaRule {
  repositories: string
  bytes: number
}

/** A text that clients show to whoever uses a repository. @public */
export interface WarningRule {
  /** A pattern for names of repositories. */
  repositories: string
  /** 1 to 1,024 printable ASCII characters. An answer has the first warnings that make 3,840 bytes together. */
  text: string
}
