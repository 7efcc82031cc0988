// SPDX-License-Identifier: Apache-2.0
import type { Filters, Volume, VolumeCreateBody } from '@teu/engine-api'

/** The volumes of one engine: directories that outlive containers. */
export interface VolumeService {
  /** `GET /volumes`; an unknown filter is `invalid-argument`. */
  list(filters: Filters): Promise<Volume[]>
  /** `not-found` when there is none of that name. */
  inspect(name: string): Promise<Volume>
  /** Makes a volume, or returns the one of that name. `conflict` when it has another driver. */
  create(body: VolumeCreateBody): Promise<Volume>
  /** `conflict` while a container uses it; `force` makes a missing one no error. */
  remove(name: string, force: boolean): Promise<void>
  /**
   * The volume for a container that is being made: an empty name makes an anonymous one. It counts as used from then
   * on, until {@link settle} or {@link release}.
   */
  acquire(name: string, containerId: string): Promise<Volume>
  /** Says that a container is in the engine's list by now, which tells from then on what it uses. */
  settle(containerId: string): void
  /** Removes the anonymous volumes of a container; those that something else uses stay. */
  release(containerId: string, names: readonly string[]): Promise<void>
  /** Removes volumes that nothing uses: anonymous ones, or with filter `all` the named too. */
  prune(filters: Filters): Promise<{ deleted: string[]; reclaimed: number }>
  /** All volumes with their sizes and how many containers use them; one that is removed meanwhile is left out. */
  usage(signal?: AbortSignal): Promise<Volume[]>
  /** Removes what a removal left when the engine ended in it. */
  sweep(signal: AbortSignal): Promise<void>
}
