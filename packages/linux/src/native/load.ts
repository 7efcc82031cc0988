// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { NativeAddon } from './addon.ts'

/** A file that the native build produces. @public */
export type NativeFile = 'teu_linux.node' | 'teu-init' | 'teu-shim-front' | 'hello'

let loaded: NativeAddon | undefined

/**
 * The addon, loaded at the first call. Importing the package loads nothing, so constants, types and parsers serve on
 * every system. Throws what {@link nativeFile} throws.
 *
 * @internal
 */
export function native(): NativeAddon {
  loaded ??= createRequire(import.meta.url)(nativeFile('teu_linux.node')) as NativeAddon
  return loaded
}

/**
 * The path of a native file: first `prebuilt/linux-<arch>/` of this package, where a source checkout builds, then the
 * platform package `@teu/linux-<arch>`. Throws an Error that says what to do when neither has it.
 *
 * @public
 */
export function nativeFile(name: NativeFile): string {
  const platform = `linux-${process.arch}`
  if (process.platform !== 'linux')
    throw new Error(`@teu/linux: ${name} exists for Linux only, this is ${process.platform}`)
  const require = createRequire(import.meta.url)
  const candidates = [
    packageFolder(require, '@teu/linux', join('prebuilt', platform)),
    packageFolder(require, `@teu/${platform}`, ''),
  ]
  for (const folder of candidates) {
    if (folder !== undefined && existsSync(join(folder, name))) return join(folder, name)
  }
  throw new Error(
    `@teu/linux: ${name} for ${platform} is missing: install the package @teu/${platform} (it is an optional dependency; ` +
      'npm leaves it out with --omit=optional), or in a source checkout run "node packages/linux/scripts/build-native.mjs"',
  )
}

function packageFolder(require: NodeJS.Require, name: string, inside: string): string | undefined {
  try {
    return join(dirname(require.resolve(`${name}/package.json`)), inside)
  } catch {
    return undefined
  }
}
