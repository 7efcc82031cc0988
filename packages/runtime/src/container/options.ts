// SPDX-License-Identifier: Apache-2.0
import type { Process, Spec } from '@teu/oci-spec/runtime'
import type { InitLauncher, StdioFd } from '../launch/launcher.ts'

/** What every call takes. @public */
export interface CallOptions {
  /** Gives the call up; what was half made is removed again and the call rejects with `cancelled`. */
  signal?: AbortSignal
}

/** How a process is connected to its caller; shared by {@link CreateOptions} and {@link ExecOptions}. @public */
export interface ProcessOptions extends CallOptions {
  /** Standard streams without a terminal. Default: the caller's own. */
  stdio?: readonly [StdioFd, StdioFd, StdioFd]
  /**
   * UNIX stream socket that gets the pty master (SCM_RIGHTS) in one message. Needed when the process has
   * `terminal: true`, refused when it has not (`invalid-argument`). At most 107 bytes.
   */
  consoleSocket?: string
  /** UNIX stream socket that gets a pidfd of the process (SCM_RIGHTS) in one message. */
  pidfdSocket?: string
  /** Gets the pid in decimal, renamed into place once the process exists. */
  pidFile?: string
  /** The caller's descriptors 3 to 2 + N stay open in the process. Default 0. */
  preserveFds?: number
  /** How many descriptors before those are sockets that the process is activated with: it gets `LISTEN_FDS`. Default 0. */
  listenFds?: number
  /** Who spawns `teu-init`. Default: this process. */
  launch?: InitLauncher
}

/** Options of {@link Runtime.create}. @public */
export interface CreateOptions extends ProcessOptions {
  /** Directory with `config.json`. Default: the working directory. */
  bundle?: string
  /** Takes the place of `<bundle>/config.json`; it is validated all the same. */
  spec?: Spec
  /** Moves the root with MS_MOVE and chroot where pivot_root cannot work (a root on ramfs). Default false. */
  noPivot?: boolean
  /** Shares the caller's session keyring. Default false. */
  noNewKeyring?: boolean
  /** Kills the container when the thread that has created it ends, whichever way. Default false. */
  diesWithParent?: boolean
  /** Socket of a service manager that {@link StartOptions} will name: gives the container one to say it is ready by. */
  notifySocket?: string
}

/** Options of {@link Runtime.start}. @public */
export interface StartOptions extends CallOptions {
  /**
   * Socket of a service manager, a path or an abstract name with `@` in front, given at create as well: start resolves
   * only when the container has said that it is ready, or has ended, and passes the former on (sd_notify(3)).
   */
  notifySocket?: string
  /** Whether the manager is told to look after the container's init from now on. Default true. */
  notifyMainPid?: boolean
}

/** Options of {@link Runtime.exec}. @public */
export interface ExecOptions extends ProcessOptions {
  /** What to run; absent `cwd`, `user` and `env` are those of the container's own process. */
  process: Partial<Process> & { args: string[] }
  /** Sub-cgroup of the container's, by hierarchy (`''` on v2 or for all). */
  cgroup?: Readonly<Record<string, string>>
  /** Runs even when the container is paused. Default false: `failed-precondition`. */
  ignorePaused?: boolean
}

/** A process that was made. @public */
export interface StartedProcess {
  /** In the caller's pid namespace. */
  pid: number
  /**
   * Resolves when the process has exited and was reaped. Present only when it is a child of this process, that is
   * without a launcher that gives it another parent.
   */
  exited?: Promise<ExitStatus>
}

/** How a process ended. @public */
export interface ExitStatus {
  /** The exit status, or 128 + the signal's number. */
  exitCode: number
  /** The signal's number when one killed it. */
  signalNumber?: number
}

/** Options of {@link Runtime.kill}. @public */
export interface KillOptions extends CallOptions {
  /** Signals every process of the container's cgroup. Default false. */
  all?: boolean
}

/** Options of {@link Runtime.delete}. @public */
export interface DeleteOptions extends CallOptions {
  /** Kills a container that still runs, and forgives one that does not exist. Default false. */
  force?: boolean
}
