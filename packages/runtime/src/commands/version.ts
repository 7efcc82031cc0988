// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { runtimeSpecVersion } from '@teu/oci-spec/runtime'

/** The version of this package. @internal */
export function packageVersion(): string {
  const file = createRequire(import.meta.url).resolve('@teu/runtime/package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

/** What `--version` prints; callers read the name, the version, and the lines `commit:` and `spec:`. @internal */
export function versionText(): string {
  const version = packageVersion()
  return `${version}\ncommit: ${version}\nspec: ${runtimeSpecVersion}\nnode: ${process.version}`
}
