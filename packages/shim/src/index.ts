// SPDX-License-Identifier: Apache-2.0
/**
 * A containerd shim (seam S3) that serves all containers of a namespace from one process that may be killed at any time:
 * a tiny monitor per process holds what must survive. It consumes the OCI runtime seam (S4), as a library or as a program.
 *
 * @example
 * ```ts
 * import { createRuntime } from '@teu/runtime'
 * import { runShim } from '@teu/shim'
 *
 * process.exitCode = await runShim({ argv: process.argv.slice(2), env: process.env, runtimeLibrary: { createRuntime } })
 * ```
 *
 * @packageDocumentation
 */
export type {
  LibraryLaunched,
  LibraryLaunchRequest,
  LibraryProcessOptions,
  LibraryRuntime,
  RuntimeLibrary,
} from './oci-runtime/runtime-library.ts'
export { type RunShimInit, runShim } from './run-shim.ts'
