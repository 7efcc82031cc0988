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
  /** The volume for a container that is being made: an empty name makes an anonymous one. */
  acquire(name: string, containerId: string): Promise<Volume>
  /** Removes the anonymous volumes of a container; those that something else uses stay. */
  release(containerId: string, names: readonly string[]): Promise<void>
  /** Removes volumes that nothing uses: anonymous ones, or with filter `all` the named too. */
  prune(filters: Filters): Promise<{ deleted: string[]; reclaimed: number }>
}
