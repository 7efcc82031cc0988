// SPDX-License-Identifier: Apache-2.0
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../workspace.mjs'

/** The native files of a platform package. */
export const nativeFiles = ['teu_linux.node', 'teu-init', 'teu-shim-front', 'hello']

/**
 * Makes the platform package of a processor below `target`: the native files of `@teu/linux`, and nothing that runs at
 * install time. Answers its folder; a native file that was not built is missing there, and the check says so.
 */
export function assemblePlatform(target, arch, { folder, manifest }) {
  const to = path.join(target, `linux-${arch}`)
  mkdirSync(to, { recursive: true })
  for (const name of nativeFiles) {
    const from = path.join(root, folder, 'prebuilt', `linux-${arch}`, name)
    if (!existsSync(from)) continue
    copyFileSync(from, path.join(to, name))
    chmodSync(path.join(to, name), 0o755)
  }
  copyFileSync(path.join(root, 'LICENSE'), path.join(to, 'LICENSE'))
  const name = `@teu/linux-${arch}`
  const readme = `# ${name}\n\nThe compiled part of [@teu/linux](https://www.npmjs.com/package/@teu/linux). Install that one.\n`
  writeFileSync(path.join(to, 'README.md'), readme)
  const published = {
    name,
    version: manifest.version,
    description: `The native files of @teu/linux for Linux on ${arch}`,
    license: manifest.license,
    os: ['linux'],
    cpu: [arch],
    libc: ['glibc'],
    files: nativeFiles,
    publishConfig: manifest.publishConfig,
  }
  writeFileSync(path.join(to, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
  return to
}
