// SPDX-License-Identifier: Apache-2.0
/**
 * An OCI runtime: makes and runs containers from bundles. It serves the runtime seam (the command line of runc, as
 * the program `teu-runtime`, and the same as a library) and consumes no other.
 *
 * @example
 * ```ts
 * import { createRuntime } from '@teu/runtime'
 *
 * const runtime = createRuntime({ root: '/run/example' })
 * const { pid } = await runtime.create('web', { bundle: '/bundles/web' })
 * await runtime.start('web')
 * console.log(pid, (await runtime.state('web')).status)
 * await runtime.delete('web', { force: true })
 * ```
 *
 * @packageDocumentation
 */
export type { CgroupDriver } from './cgroups/container-cgroup.ts'
export { runtimeFeatures } from './commands/features.ts'
export type {
  CallOptions,
  CreateOptions,
  DeleteOptions,
  ExecOptions,
  ExitStatus,
  KillOptions,
  ProcessOptions,
  StartedProcess,
  StartOptions,
} from './container/options.ts'
export type { ContainerState } from './container/state.ts'
export { createRuntime } from './create-runtime.ts'
export type { ContainerEvent, ContainerStats, EventsOptions } from './events/container-event.ts'
export type { InitLauncher, Launched, LaunchRequest, StdioFd } from './launch/launcher.ts'
export type { Runtime, RuntimeInit } from './runtime.ts'
export { sandbox } from './sandbox/sandbox.ts'
export type {
  Sandbox,
  SandboxExit,
  SandboxLimits,
  SandboxMount,
  SandboxOptions,
} from './sandbox/sandbox-options.ts'
