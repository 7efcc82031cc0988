// SPDX-License-Identifier: Apache-2.0
/**
 * A containerd shim (seam S3) that may be killed at any time: a tiny monitor per process holds what must survive. One
 * serves a container or a pod, or, for a containerd that asks for it, all containers of a namespace. It consumes the OCI
 * runtime seam (S4), as a library or as a program.
 *
 * @example
 * ```ts
 * import { runShim } from '@teu/shim'
 *
 * process.exitCode = await runShim({ argv: ['-v'], env: process.env })
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
