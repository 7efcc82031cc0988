// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module'
import type { Any } from '@teu/shim-api'
import { Any as AnyMessage, RuntimeInfo } from '@teu/shim-api'

/** The runtime name under which containerd finds this shim. @internal */
export const runtimeName = 'io.containerd.teu.v1'

/** The version of this package. @internal */
export function shimVersion(): string {
  const require = createRequire(import.meta.url)
  return (require('@teu/shim/package.json') as { version: string }).version
}

/** The text of -v. @internal */
export function versionText(): string {
  return `containerd-shim-teu-v1:\n  Version:  ${shimVersion()}\n`
}

/** The answer to -info, given the options that came on standard input. @internal */
export function runtimeInfo(stdin: Uint8Array): Uint8Array {
  let options: Any | undefined
  if (stdin.length > 0) options = AnyMessage.decode(stdin)
  const version = { version: shimVersion(), revision: '' }
  return RuntimeInfo.encode({ name: runtimeName, version, options, features: undefined, annotations: {} }).finish()
}
