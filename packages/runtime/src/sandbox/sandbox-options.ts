// SPDX-License-Identifier: Apache-2.0
import type { Readable, Writable } from 'node:stream'
import type { ExitStatus } from '../container/options.ts'

/** What a sandboxed command sees, and what it may use. Everything has a default that gives it little. @public */
export interface SandboxOptions {
  /**
   * Directory that is the command's root. Default: one that holds the host's programs and libraries (`/usr` and what leads
   * there, the parts of `/etc` that a loader and TLS need), read-only, and nothing else of the host.
   */
  rootfs?: string
  /** Whether the command may change `rootfs`. Default false; `/tmp` is its own and writable in any case. */
  writableRoot?: boolean
  /** More of the host to show, in this order; `destination` is absolute, and a missing one is made. */
  mounts?: readonly SandboxMount[]
  /** The whole environment. Default: a `PATH`, and `HOME=/tmp`. */
  env?: Readonly<Record<string, string>>
  /** Working directory. Default `/tmp`. */
  cwd?: string
  /** `none` (default) has not even the host's loopback; `host` is the host's network as it is. */
  network?: 'none' | 'host'
  limits?: SandboxLimits
  /** When it fires, everything in the sandbox is killed, and {@link Sandbox.exited} rejects with its reason. */
  signal?: AbortSignal
  /**
   * Directory for what belongs to sandboxes that run; what sandboxes of programs that have ended left there is removed.
   * Default `/run/teu-sandbox`, or for others than root `teu-sandbox` in XDG_RUNTIME_DIR, or `/tmp/teu-sandbox-<uid>`;
   * all but the latter, which others could take, go with the last sandbox. One that is given stays, empty.
   */
  stateDirectory?: string
  /**
   * For root: absolute cgroup path below which the sandbox has its own. Default `/teu-sandbox`, which goes with the last
   * sandbox; one that is given stays.
   */
  cgroupParent?: string
}

/** A directory or file of the host to show in a sandbox. @public */
export interface SandboxMount {
  source: string
  destination: string
  /** Default false. The command is user 65534, of an unprivileged caller the caller: that one must have the right, too. */
  writable?: boolean
}

/**
 * What a command may use. For root all of it is the limit of a cgroup; for others, who may make none, memory counts for
 * each process by itself and from when it is reserved, which runtimes such as Node's do far ahead; processes are those of the sandbox, and `cpus` is `not-implemented`.
 *
 * @public
 */
export interface SandboxLimits {
  /** Default 256 MiB. */
  memoryBytes?: number
  /** Processes and threads at once. Default 64. */
  pids?: number
  /** Processors' worth of time, such as 0.5. Default: no limit. */
  cpus?: number
  /** Size of `/tmp`, which counts as memory. Default 64 MiB. */
  tmpBytes?: number
  /** Descriptors of each process. Default 1024. */
  openFiles?: number
}

/** How a sandboxed command ended. @public */
export interface SandboxExit extends ExitStatus {
  /** Whether the kernel killed a process of it for want of memory; always false without a cgroup. */
  outOfMemory: boolean
}

/** A command that runs in a sandbox. It dies with the thread that has started it, and when it is disposed of. @public */
export interface Sandbox extends AsyncDisposable {
  /** In the caller's pid namespace. */
  readonly pid: number
  readonly stdin: Writable
  /** Both outputs must be read: a command whose pipe is full waits. */
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves once the command has ended and nothing is left of the sandbox; what else ran in it was killed. */
  readonly exited: Promise<SandboxExit>
  /** Sends a signal, by number, to the command. Default SIGKILL, which takes everything else in the sandbox with it. */
  kill(signal?: number): Promise<void>
}
