// SPDX-License-Identifier: Apache-2.0
import type { MonitorClient } from '../monitor/monitor-client.ts'
import type { ProcessStdio } from '../process/process-record.ts'

/** How a process is to be made. @internal */
export interface MakeProcess extends ProcessStdio {
  /** The container's id. */
  readonly id: string
  readonly bundle: string
  /** Empty for the container's first process. */
  readonly execId: string
  /** A free path for a socket of at most 106 bytes; used with a terminal. */
  readonly consoleSocket: string
  /** What a logging program is told in its environment, `NAME=value` each. */
  readonly loggerEnvironment: readonly string[]
  readonly signal?: AbortSignal | undefined
}

/** A process with the monitor that is its parent. @internal */
export interface MadeProcess {
  readonly pid: number
  readonly monitor: MonitorClient
}

/**
 * The OCI runtime as the shim wants it. A program behind the OCI command line and a library in this process both
 * satisfy it. Errors are `StackError`s whose messages are the runtime's own; `not-found` means that there is no such
 * container, or that it has ended.
 *
 * @internal
 */
export interface OciRuntime {
  /** Makes the container of `bundle`; its first process waits for {@link OciRuntime.start}. */
  create(call: MakeProcess): Promise<MadeProcess>
  start(id: string): Promise<void>
  /** Runs another process, given as the process of an OCI configuration. */
  exec(call: MakeProcess, process: unknown): Promise<MadeProcess>
  kill(id: string, signal: number, all: boolean): Promise<void>
  /** Removes a container. `force` kills it first, and forgives one that does not exist. */
  delete(id: string, force: boolean): Promise<void>
  /** `created`, `running`, `paused` or `stopped`. */
  status(id: string): Promise<string>
  pause(id: string): Promise<void>
  resume(id: string): Promise<void>
  /** `resources` is the linux.resources of an OCI configuration. */
  update(id: string, resources: unknown): Promise<void>
  /** Pids of all processes of the container, in this process's pid namespace. */
  pids(id: string): Promise<number[]>
}
