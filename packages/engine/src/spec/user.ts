// SPDX-License-Identifier: Apache-2.0

/** A user as the kernel wants it. */
export interface ResolvedUser {
  uid: number
  gid: number
  /** Supplementary groups, the primary one among them. */
  additionalGids: number[]
  /** The home directory, `/` when the root filesystem names none. */
  home: string
}
