// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream'

/** One of a process's three standard streams: a descriptor, the caller's own, or /dev/null. @public */
export type StdioFd = number | 'inherit' | 'ignore'

/** What a launcher is asked to do. @public */
export interface LaunchRequest {
  /** Standard input, output and error of the process to be; ignored by a launcher that opens its own. */
  stdio: readonly [StdioFd, StdioFd, StdioFd]
  /** Descriptors that become 4, 5, ... of the spawned process (3 is the sync channel), in this order. */
  extraFds: readonly number[]
  /** Kills what was spawned when it fires before the launch has succeeded. */
  signal?: AbortSignal
}

/** A spawned `teu-init` that waits for its launch program. @public */
export interface Launched {
  /** The sync channel. The runtime writes the launch program to it first; the launcher writes nothing. */
  channel: Duplex
  /** The spawned process: stage 0 itself, or a monitor that has stage 0 as its child. */
  pid: number
  /**
   * Whether the process that ends up running the container's program is a child of *this* process, so that the
   * runtime must reap it. False when a monitor is its parent.
   */
  ownsChild: boolean
}

/**
 * Spawns the init role of `teu-init` with fd 3 as the sync channel. The default one runs `teu-init init` directly; a
 * shim passes one that runs `teu-init monitor`, so that the container's parent outlives the shim.
 *
 * Rejects when the executable cannot be spawned; everything after that is reported over the channel.
 *
 * @public
 */
export type InitLauncher = (request: LaunchRequest) => Promise<Launched>
