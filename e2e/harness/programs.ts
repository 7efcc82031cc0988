// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** The repository's root. */
export const repository = path.resolve(import.meta.dirname, '../..')

const bins: Record<string, string> = {
  teu: 'packages/teu/bin/teu.js',
  teud: 'packages/teu/bin/teud.js',
  'teu-engine': 'packages/engine/bin/teu-engine.js',
  'teu-containerd': 'packages/containerd/bin/teu-containerd.js',
  'containerd-shim-teu-v1': 'packages/shim/bin/containerd-shim-teu-v1',
  'teu-runtime': 'packages/runtime/bin/teu-runtime.js',
  'teu-conformance': 'packages/conformance/bin/teu-conformance.js',
  'teu-registry': 'packages/image-registry/bin/teu-registry.js',
}

/**
 * Puts our programs into `folder` under the names that people and daemons call them by, each bound to the pinned
 * Node: an original that starts one of ours does not pass on a PATH of our choosing.
 */
export function installPrograms(folder: string): string {
  mkdirSync(folder, { recursive: true })
  for (const [name, file] of Object.entries(bins)) {
    const target = path.join(folder, name)
    const program = path.join(repository, file)
    const command = file.endsWith('.js')
      ? `exec '${process.execPath}' '${program}' "$@"`
      : `PATH='${path.dirname(process.execPath)}'":$PATH" exec '${program}' "$@"`
    writeFileSync(target, `#!/bin/sh\n${command}\n`)
    chmodSync(target, 0o755)
  }
  return folder
}

/** A test image as a docker archive, made by `e2e/setup`. */
export function imageArchive(name: 'busybox' | 'debian'): string {
  return path.join(repository, 'build/e2e/images', `${name}.tar`)
}
