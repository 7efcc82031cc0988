// SPDX-License-Identifier: Apache-2.0
import type { Mount } from '@teu/containerd-api'

/** What a snapshot is for. The numbers are those of the wire. */
export const snapshotKinds = { view: 1, active: 2, committed: 3 } as const

/** One of {@link snapshotKinds}. */
export type SnapshotKind = (typeof snapshotKinds)[keyof typeof snapshotKinds]

/** A snapshot as its driver sees it: numbers that are never used twice, without names, labels or namespaces. */
export interface SnapshotLocation {
  id: number
  kind: SnapshotKind
  /** The chain above it, nearest first. */
  parents: readonly number[]
}

/** What a snapshot takes on the disk, without its parents. */
export interface SnapshotUsage {
  /** In bytes, as blocks on the disk. */
  size: number
  inodes: number
}

/**
 * How file trees are layered on the disk. Names, labels and who may do what are the store's work; a driver makes,
 * describes and removes directories. A failure of {@link prepare} leaves nothing behind.
 */
export interface SnapshotDriver {
  /** Such as `overlayfs`. */
  readonly name: string
  /** The folder that holds all of it. */
  readonly root: string
  /** Makes the directories of a new view or active snapshot. */
  prepare(snapshot: SnapshotLocation): Promise<void>
  /** How to mount a view or active snapshot; to be tried in order, on one target. */
  mounts(snapshot: SnapshotLocation): Mount[]
  /** Where what this snapshot adds to its parents lies. */
  contents(id: number): string
  /** Removes the directories of snapshots that nothing refers to any more. */
  remove(ids: readonly number[]): Promise<void>
  /** Moves the directories of snapshots that may be worth something to the quarantine; undefined when there is none. */
  setAside(ids: readonly number[]): Promise<string | undefined>
  /** The snapshots that have directories. */
  onDisk(): Promise<number[]>
}
