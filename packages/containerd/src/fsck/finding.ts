// SPDX-License-Identifier: Apache-2.0

/**
 * Something that a check of a store has found. `damage` is a broken promise: what a record says is not on the disk.
 * `note` is what the next start of the daemon puts right by itself, or what waits for somebody to look at it.
 */
export interface Finding {
  kind: 'damage' | 'note'
  /** The object that the check looked at: `content sha256:…`, `snapshot overlayfs/default/…`. */
  object: string
  /** The problem with the object, in words. */
  message: string
}

export const damage = (object: string, message: string): Finding => ({ kind: 'damage', object, message })

export const note = (object: string, message: string): Finding => ({ kind: 'note', object, message })
