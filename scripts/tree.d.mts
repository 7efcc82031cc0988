// SPDX-License-Identifier: Apache-2.0

/** A copy of the tree, for what changes sources. */
export class Tree implements Disposable {
  static copyOf(root: string, options?: { build?: boolean }): Tree
  /** The copy's root. */
  readonly folder: string
  /** A folder for what tests make; it goes with the copy. */
  readonly temporary: string
  /** Removes the copy. */
  removeNow(): void
  [Symbol.dispose](): void
}
