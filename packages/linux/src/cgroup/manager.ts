// SPDX-License-Identifier: Apache-2.0
import type { LinuxResources } from './resources.ts'
import type { CgroupStats } from './stats.ts'

/** Whether a cgroup is stopped. @public */
export type FreezerState = 'thawed' | 'frozen' | 'freezing'

/** Options of calls that may wait. @public */
export interface CgroupWaitOptions {
  signal?: AbortSignal
  /** `ETIMEDOUT` after this many milliseconds. Default 10 000. */
  timeoutMs?: number
}

/**
 * One cgroup of one container, on whichever version the host has. Its paths are absolute host paths; nothing from an
 * image enters them. Errors are system errors of the file operation with its path.
 *
 * @public
 */
export interface CgroupManager {
  /** `1` covers hybrid hosts too: controllers on v1, and the unified hierarchy for tracking where it is mounted. */
  readonly version: 1 | 2
  /** Directory by controller name; the unified hierarchy is the key `''`. Enough to make the manager again later. */
  readonly paths: Readonly<Record<string, string>>
  /** Makes the directories and, on v2, enables the controllers above. Fine when they exist. */
  create(): Promise<void>
  /** Whether the cgroup is there. */
  exists(): boolean
  /** Says that a process will be moved here soon, which then takes less time. */
  expectJoin(): void
  /** Moves a process, with all its threads, into the cgroup. Throws `ESRCH` when it has ended. */
  join(pid: number): Promise<void>
  /**
   * Writes the given limits, in an order that the kernel accepts when several change at once. Throws `ENOENT` when a
   * limit needs a controller that the host lacks. On an update `devices` absent leaves the device rules alone.
   */
  apply(resources: LinuxResources): Promise<void>
  /** Stops all processes; resolves when they are stopped. */
  freeze(options?: CgroupWaitOptions): Promise<void>
  /** Lets all processes go on; resolves when they do, and at once when the cgroup is gone. */
  thaw(options?: CgroupWaitOptions): Promise<void>
  freezerState(): FreezerState
  /** Host pids of the cgroup and of all below it. Empty when it is gone. */
  pids(): number[]
  stats(): CgroupStats
  /** Sends a signal (default SIGKILL) to all processes, also to those forked meanwhile; does not wait for their end. */
  killAll(signal?: number): Promise<void>
  /** How often the kernel killed a process here for want of memory. */
  oomKillCount(): bigint
  /**
   * Yields at each out-of-memory condition: on v1 from the eventfd of `memory.oom_control`, on v2 when `oom_kill` of
   * `memory.events` grows. Ends when the cgroup is removed or the signal aborts.
   */
  oomEvents(options?: { signal?: AbortSignal; keepAlive?: boolean }): AsyncIterable<void>
  /** Removes the cgroup and those below it. Processes on their way out are waited for (`EBUSY` after `timeoutMs`). */
  delete(options?: CgroupWaitOptions): Promise<void>
}
