// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module'
import path from 'node:path'

const resolve = createRequire(import.meta.url).resolve

/** A path in an installed package of the stack, ours included. */
function inPackage(name: string, ...parts: string[]): string {
  return path.join(path.dirname(resolve(`${name}/package.json`)), ...parts)
}

/** The shim's program. */
export function shimProgram(): string {
  return inPackage('@teu/shim', 'bin/containerd-shim-teu-v1')
}

/** The daemon's program. */
export function daemonProgram(): string {
  return inPackage('teu', 'bin/teud.js')
}

/** OCI layouts of the images that come with this package, by familiar name. */
export function bundledLayouts(): Record<string, string> {
  return { 'teu/hello': inPackage('teu', 'image') }
}
