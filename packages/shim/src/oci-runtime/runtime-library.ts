// SPDX-License-Identifier: Apache-2.0
import type { Duplex } from 'node:stream'

/** What the library's launcher is given. @public */
export interface LibraryLaunchRequest {
  readonly extraFds: readonly number[]
  readonly signal?: AbortSignal
}

/** What a launcher gives the library. @public */
export interface LibraryLaunched {
  channel: Duplex
  pid: number
  ownsChild: boolean
}

/** How the library is asked to make a process. @public */
export interface LibraryProcessOptions {
  stdio?: readonly ['ignore', 'ignore', 'ignore']
  consoleSocket?: string
  pidFile?: string
  launch?: (request: LibraryLaunchRequest) => Promise<LibraryLaunched>
  signal?: AbortSignal
}

/**
 * The part of `@teu/runtime`'s Runtime that a shim uses, by shape: the shim never imports the package's types, so any
 * library that fits may be injected.
 *
 * @public
 */
export interface LibraryRuntime {
  create(
    id: string,
    options?: LibraryProcessOptions & { bundle?: string; noPivot?: boolean; noNewKeyring?: boolean },
  ): Promise<{ pid: number }>
  start(id: string): Promise<void>
  state(id: string): Promise<{ status: string }>
  kill(id: string, signal: number, options?: { all?: boolean }): Promise<void>
  delete(id: string, options?: { force?: boolean }): Promise<void>
  // A method, and so checked loosely: a library may want a fuller process than is known to be one here.
  exec(id: string, options: LibraryProcessOptions & { process: { args: string[] } }): Promise<{ pid: number }>
  pause(id: string): Promise<void>
  resume(id: string): Promise<void>
  update(id: string, resources: object): Promise<void>
  ps(id: string): Promise<number[]>
}

/** A runtime as a library, as `@teu/runtime` is one. @public */
export interface RuntimeLibrary {
  /** `systemdCgroup` is set only for a library whose features say that it knows systemd's cgroup manager. */
  createRuntime(init: { root?: string; systemdCgroup?: boolean }): LibraryRuntime
  /** What the runtime knows, as the OCI features document; a library may not say. */
  runtimeFeatures?(): object
}
