// SPDX-License-Identifier: Apache-2.0
import type { CgroupStats } from '@teu/linux'
import type { CallOptions } from '../container/options.ts'

/** What the cgroup of a container has used: numbers are bigint, times nanoseconds, sizes bytes. @public */
export type ContainerStats = CgroupStats

/** Something that {@link Runtime.events} tells of. @public */
export type ContainerEvent =
  | { type: 'stats'; id: string; data: ContainerStats }
  /** The kernel found no memory for a process of the container. */
  | { type: 'oom'; id: string }

/** Options of {@link Runtime.events}. @public */
export interface EventsOptions extends CallOptions {
  /** Time between two `stats` in milliseconds, more than 0; the first comes after it. Default 5000. */
  intervalMs?: number
}
