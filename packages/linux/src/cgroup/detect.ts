// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { isErrno } from '../errno.ts'
import { parseMountinfo } from '../mount/mountinfo.ts'
import type { CgroupHierarchy, CgroupSetup } from './hierarchies.ts'

/** The texts that detection reads, for tests and for looking at another process. @public */
export interface CgroupSources {
  /** `/proc/<pid>/mountinfo`. */
  mountinfo: string
  /** `/proc/<pid>/cgroup`. */
  selfCgroup: string
  /** `cgroup.controllers` of the unified hierarchy, given its mount point. */
  unifiedControllers?: (mountPoint: string) => string
}

/**
 * Finds out how cgroups are mounted, from mountinfo and this process's own cgroups, not from guesses about paths. Of a
 * hierarchy that is mounted twice the first mount of its root counts. Nothing is cached.
 *
 * @public
 */
export function detectCgroups(sources: CgroupSources = hostSources()): CgroupSetup {
  const own = parseCgroupFile(sources.selfCgroup)
  const hierarchies: CgroupHierarchy[] = []
  let unified: CgroupSetup['unified']
  for (const { type, mountPoint, root, superOptions } of parseMountinfo(sources.mountinfo)) {
    if (type === 'cgroup2' && unified === undefined) {
      const controllers = words(sources.unifiedControllers?.(mountPoint) ?? '')
      unified = { mountPoint, root, own: own.get('') ?? '/', controllers }
    }
    if (type !== 'cgroup') continue
    const controllers = superOptions.filter((option) => own.has(option))
    const first = controllers[0]
    if (first === undefined || hierarchies.some((known) => known.controllers.includes(first))) continue
    hierarchies.push({ controllers, mountPoint, root, own: own.get(first) ?? '/' })
  }
  const withControllers = hierarchies.some(({ controllers }) => !controllers.every((name) => name.startsWith('name=')))
  return { mode: modeOf(withControllers, unified !== undefined), hierarchies, ...(unified && { unified }) }
}

function modeOf(v1: boolean, v2: boolean): CgroupSetup['mode'] {
  if (v1) return v2 ? 'hybrid' : 'v1'
  return v2 ? 'v2' : 'none'
}

/**
 * Parses `/proc/<pid>/cgroup`: the path by controller; named hierarchies as `name=x`, the unified one as `''`.
 *
 * @public
 */
export function parseCgroupFile(text: string): Map<string, string> {
  const paths = new Map<string, string>()
  for (const line of text.split('\n')) {
    const match = /^\d+:([^:]*):(.*)$/.exec(line)
    if (!match) continue
    for (const controller of (match[1] as string).split(',')) paths.set(controller, match[2] as string)
  }
  return paths
}

/** The cgroups of a process, by controller as in {@link parseCgroupFile}. @public */
export function readProcessCgroups(pid: number | 'self' = 'self'): Map<string, string> {
  return parseCgroupFile(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))
}

function hostSources(): CgroupSources {
  return {
    mountinfo: readFileSync('/proc/self/mountinfo', 'utf8'),
    selfCgroup: readFileSync('/proc/self/cgroup', 'utf8'),
    unifiedControllers,
  }
}

function unifiedControllers(mountPoint: string): string {
  try {
    return readFileSync(`${mountPoint}/cgroup.controllers`, 'utf8')
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES')) return ''
    throw error
  }
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}
