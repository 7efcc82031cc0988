// SPDX-License-Identifier: Apache-2.0
import type { LinuxResources } from '@teu/oci-spec/runtime'
import type { CgroupDriver } from './cgroups/container-cgroup.ts'
import type {
  CallOptions,
  CreateOptions,
  DeleteOptions,
  ExecOptions,
  KillOptions,
  StartedProcess,
  StartOptions,
} from './container/options.ts'
import type { ContainerState } from './container/state.ts'
import type { ContainerEvent, ContainerStats, EventsOptions } from './events/container-event.ts'

/** Data of {@link createRuntime}. @public */
export interface RuntimeInit {
  /** Directory of the containers' state, made (0711) when missing. Default `/run/teu-runtime`. */
  root?: string
  /**
   * Who makes cgroups: `cgroupfs` (default) is this runtime, `systemd` asks systemd over D-Bus for a unit, of the user's
   * own systemd when the caller is no root, `disabled` makes none.
   */
  cgroupDriver?: CgroupDriver
  /**
   * Whether a container does without a cgroup when the caller is not allowed to make one, instead of failing with it.
   * Default: when the caller is no root.
   */
  rootless?: boolean
  /** Hears of what is not worth a failure, such as a poststop hook that failed. Default: nobody does. */
  warn?: (message: string) => void
  /** Hears of what is done, step by step, in words that may change. Default: nobody does. */
  debug?: (message: string) => void
}

/**
 * Containers of one state directory. A container is `created` (its init waits before execve), `running`, `paused` or
 * `stopped`; what it is, is read from the kernel at every call, so that several processes may work on one root.
 *
 * Every method rejects with a `StackError`: `not-found` (`container does not exist`), `already-exists` (`container
 * with given ID already exists`), `invalid-argument` (bad id, spec or option), `failed-precondition` (the state does
 * not allow it), `cancelled` (the signal fired), `internal` (the kernel refused a step; the message names it).
 *
 * @public
 */
export interface Runtime {
  /** Makes the container and leaves its init waiting before execve. */
  create(id: string, options?: CreateOptions): Promise<StartedProcess>
  /** Lets the init of a `created` container execute its program. */
  start(id: string, options?: StartOptions): Promise<void>
  /** What `teu-runtime state` prints. */
  state(id: string, options?: CallOptions): Promise<ContainerState>
  /** Sends a signal, by number, to init. 0 only probes. `failed-precondition` `container not running` when stopped. */
  kill(id: string, signal: number, options?: KillOptions): Promise<void>
  /** Removes cgroup and state of a `stopped` container; a `created` one is killed first. Runs poststop hooks. */
  delete(id: string, options?: DeleteOptions): Promise<void>
  /** Runs another process in the container's namespaces and cgroup; resolves once it executes its program. */
  exec(id: string, options: ExecOptions): Promise<StartedProcess>
  /** Freezes every process of the container. */
  pause(id: string, options?: CallOptions): Promise<void>
  /** Thaws a `paused` container. */
  resume(id: string, options?: CallOptions): Promise<void>
  /** Changes the limits of a container; absent values stay. */
  update(id: string, resources: LinuxResources, options?: CallOptions): Promise<void>
  /** Pids of every process of the container's cgroup, in the caller's pid namespace. */
  ps(id: string, options?: CallOptions): Promise<number[]>
  /** What the container's cgroup has used. `failed-precondition` when it is stopped or has no cgroup. */
  stats(id: string, options?: CallOptions): Promise<ContainerStats>
  /**
   * Tells of statistics at an interval, and at once of every out-of-memory condition. A slow reader misses statistics,
   * never the latter. Ends when the container's cgroup is gone, on v2 also when its last process is; rejects with the
   * reason of a signal that fires. Watching a container that is stopped is `failed-precondition`.
   */
  events(id: string, options?: EventsOptions): AsyncIterable<ContainerEvent>
  /** Every container of this root, in the order of their ids. */
  list(options?: CallOptions): Promise<ContainerState[]>
}
