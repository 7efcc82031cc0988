// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { type CgroupManager, createCgroupManager, detectCgroups, readProcessCgroups } from '@teu/linux'

/**
 * The cgroup in which a process is. Undefined when it has ended, when the host has no cgroups, or when the process is in
 * none of its own: then its numbers would be those of the whole host.
 *
 * @internal
 */
export function cgroupOfProcess(pid: number): CgroupManager | undefined {
  const setup = detectCgroups()
  if (setup.mode === 'none') return undefined
  const own = cgroupsOf(pid)
  const paths: Record<string, string> = {}
  for (const { controllers, mountPoint } of setup.hierarchies) {
    for (const controller of controllers) {
      const path = own.get(controller)
      if (path !== undefined && path !== '/') paths[controller] = join(mountPoint, path)
    }
  }
  const unified = own.get('')
  if (setup.unified !== undefined && unified !== undefined && unified !== '/') {
    paths[''] = join(setup.unified.mountPoint, unified)
  }
  return Object.keys(paths).length === 0 ? undefined : createCgroupManager({ setup, paths })
}

function cgroupsOf(pid: number): Map<string, string> {
  try {
    return readProcessCgroups(pid as number)
  } catch {
    return new Map()
  }
}
