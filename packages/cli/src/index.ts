// SPDX-License-Identifier: Apache-2.0
/**
 * The docker command line for any engine that speaks the Docker Engine API. It serves people and consumes the engine
 * seam. Programs embed it with {@link runCli}, under a name and with a default engine of their own.
 *
 * @example
 * ```ts
 * import { runCli } from '@teu/cli'
 *
 * process.exitCode = await runCli(process.argv.slice(2), { binName: 'teu', defaultHost: 'unix:///run/teu/engine.sock' })
 * ```
 *
 * @packageDocumentation
 */
export { type CliOptions, runCli } from './cli.ts'
export type { DaemonMissingHandler } from './context/command-context.ts'
export type { CliStreams, InputStream, OutputStream } from './context/streams.ts'
export { ExitError } from './exit-status.ts'
