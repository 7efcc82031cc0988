// SPDX-License-Identifier: Apache-2.0
import type { RuntimeLibrary } from '../oci-runtime/runtime-library.ts'
import { runShim } from '../run-shim.ts'

void runShim({ argv: process.argv.slice(2), env: process.env, runtimeLibrary: installedRuntime }).then((status) => {
  process.exit(status)
})

/** `@teu/runtime` when it is installed: an optional peer. Loaded by the first container that wants it. */
async function installedRuntime(): Promise<RuntimeLibrary | undefined> {
  try {
    return await import('@teu/runtime')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}
