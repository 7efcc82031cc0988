// SPDX-License-Identifier: Apache-2.0
/**
 * containerd in TypeScript: content, snapshots, images, leases with garbage collection, tasks through shims, and
 * events. It serves the seam of `@teu/containerd-api`, in process or over gRPC, and calls shims by that of
 * `@teu/shim-api`.
 *
 * @example
 * ```ts
 * import { mkdtemp } from 'node:fs/promises'
 * import { createContainerd } from '@teu/containerd'
 *
 * const folder = await mkdtemp('/tmp/example-')
 * await using containerd = await createContainerd({ root: `${folder}/root`, state: `${folder}/state` })
 * console.log((await containerd.services.version.version({})).version)
 * ```
 *
 * @packageDocumentation
 */
export { type ContainerdConfig, defaultConfig } from './config/config.ts'
export { type Containerd, type CreateContainerdOptions, createContainerd } from './create-containerd.ts'
export { type Logger, type LogLevel, logLevels, silentLogger } from './log/logger.ts'
export { type Plugin, type PluginContext, type PluginKey, pluginTypes } from './plugin/plugin.ts'
