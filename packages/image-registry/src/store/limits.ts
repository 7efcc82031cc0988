// SPDX-License-Identifier: Apache-2.0

/** Rules that a store holds to on each write. Asked every time, so they may change while it is open. @public */
export interface StoreLimits {
  /** The most bytes that a repository's blobs and manifests may take, each counted once. `undefined`: no limit. Default: none. */
  quota?: (repository: string) => number | undefined
  /** Whether a tag, once set, keeps its manifest: it can be neither moved nor removed. Default: none does. */
  isImmutable?: (repository: string, tag: string) => boolean
}
