// SPDX-License-Identifier: Apache-2.0
/**
 * The engine: it serves the Docker Engine API, and runs everything on a containerd. It consumes the containerd seam
 * alone (and the client library of the registry seam), so any containerd from 1.6 on will do, over its socket or in
 * the same process.
 *
 * @example
 * ```ts
 * import { connectContainerd } from '@teu/containerd-api'
 * import { createEngine } from '@teu/engine'
 *
 * await using containerd = connectContainerd({ address: '/run/teu/containerd.sock' })
 * await using engine = await createEngine({ dataRoot: '/var/lib/teu', execRoot: '/run/teu', containerd })
 * await engine.listen('unix:///run/teu/engine.sock')
 * ```
 *
 * @packageDocumentation
 */

export type { DaemonOptions } from './config/daemon-options.ts'
export { createEngine } from './engine.ts'
export type { EngineOptions } from './engine-options.ts'
export { createLog, type Log, silentLog } from './log.ts'
export type { RegistryAccess } from './registry/image-registry-client.ts'
export type { ReloadOptions } from './reload.ts'
export { type DaemonContainerd, type DaemonInit, runDaemon } from './run-daemon.ts'
export type { Engine } from './serve.ts'
export type { RuntimeConfig } from './tasks/runtime-choice.ts'
export { engineVersion } from './version.ts'
