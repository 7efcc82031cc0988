// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { connectContainerd } from '@teu/containerd-api'
import { type DaemonContainerd, type DaemonOptions, runDaemon } from '@teu/engine'
import { recordSpans } from '@teu/ttrpc'
import { bundledLayouts } from './package-files.ts'
import { embedContainerd } from './stack.ts'

/**
 * Runs `teud`: the engine with dockerd's flags, over the containerd that `--containerd` names, or over one in this
 * process. With `TEU_TRACE` in the environment, the spans of all layers are appended to that file.
 *
 * @public
 */
export async function runTeud(args: readonly string[]): Promise<void> {
  // The shim's program asks for `node`: it shall be the one that runs this.
  process.env.PATH = `${path.dirname(process.execPath)}:${process.env.PATH ?? ''}`
  const { TEU_TRACE } = process.env
  using _recording = TEU_TRACE ? recordSpans(TEU_TRACE) : undefined
  await runDaemon(args, { name: 'teud', openContainerd, bundledLayouts: bundledLayouts() })
}

async function openContainerd({ containerdAddress, roots }: DaemonOptions): Promise<DaemonContainerd> {
  if (containerdAddress !== undefined) {
    const services = connectContainerd({ address: containerdAddress })
    return { services, address: containerdAddress, [Symbol.asyncDispose]: () => services[Symbol.asyncDispose]() }
  }
  const state = path.join(roots.exec, 'containerd')
  mkdirSync(roots.exec, { recursive: true, mode: 0o711 })
  const address = roots.exec === '/run/teu' ? '/run/teu/containerd.sock' : undefined
  return embedContainerd({ root: path.join(roots.data, 'containerd'), state, address })
}
