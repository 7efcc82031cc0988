// SPDX-License-Identifier: Apache-2.0
import path from 'node:path'
import type { EngineSettings } from '../settings.ts'

/** Where a container's lasting files are: hostname, hosts, resolv.conf, log. */
export function containerDirectory(settings: Pick<EngineSettings, 'dataRoot'>, id: string): string {
  return path.join(settings.dataRoot, 'containers', id)
}

/** Where a container's FIFOs are, in a directory a process. */
export function ioDirectory(settings: Pick<EngineSettings, 'execRoot'>, id: string, process = 'init'): string {
  return path.join(settings.execRoot, 'containers', id, process)
}

/** Where everything of a container that ends with its runs is. */
export function execDirectory(settings: Pick<EngineSettings, 'execRoot'>, id: string): string {
  return path.join(settings.execRoot, 'containers', id)
}
