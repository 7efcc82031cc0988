// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path'
import { detectCgroups } from './detect.ts'
import type { CgroupSetup } from './hierarchies.ts'
import type { CgroupManager } from './manager.ts'
import { V1CgroupManager } from './v1/manager.ts'
import { V2CgroupManager } from './v2/manager.ts'

/** What a manager is made from: a path to make or find, or the paths of one made before. @public */
export interface CgroupManagerInit {
  /**
   * `linux.cgroupsPath` of the cgroupfs driver: absolute is below the root of each hierarchy, relative below the
   * cgroup of this process. `..` never leads out.
   */
  path?: string
  /** `paths` of an earlier manager, as saved. */
  paths?: Readonly<Record<string, string>>
  /** How the host mounts cgroups; default: {@link detectCgroups}, which is put off while `paths` say enough. */
  setup?: CgroupSetup
}

/**
 * The manager of one cgroup, v1 or v2 as the host has it. Nothing is made before `create`. Throws when the host has no
 * cgroups mounted, or when neither `path` nor `paths` is given.
 *
 * @public
 */
export function createCgroupManager(init: CgroupManagerInit): CgroupManager {
  if (init.paths !== undefined && init.setup === undefined) return managerOf(init.paths)
  const setup = init.setup ?? detectCgroups()
  if (setup.mode === 'none') throw new Error('no cgroup hierarchy is mounted')
  if (setup.unified && setup.mode === 'v2') return new V2CgroupManager(unifiedPath(setup, init), () => unifiedOf(setup))
  return new V1CgroupManager(init.paths ?? v1Paths(setup, requirePath(init)), () => firstOwn(setup))
}

/** Saved paths show the version by themselves: the unified hierarchy has no controllers on a hybrid host. */
function managerOf(paths: Readonly<Record<string, string>>): CgroupManager {
  const { '': unified, ...controllers } = paths
  if (Object.keys(controllers).length > 0) return new V1CgroupManager(paths, () => firstOwn(detectCgroups()))
  if (unified === undefined) throw new Error('a cgroup manager needs a path')
  return new V2CgroupManager(unified, () => unifiedOf(detectCgroups()))
}

function firstOwn({ hierarchies: [first] }: CgroupSetup): string | undefined {
  return first && ownCgroup(first)
}

function unifiedOf({ unified }: CgroupSetup): { mountPoint: string; own: string } {
  if (unified === undefined) throw new Error('the unified cgroup hierarchy is not mounted')
  return { mountPoint: unified.mountPoint, own: ownCgroup(unified) }
}

function requirePath({ path }: CgroupManagerInit): string {
  if (path === undefined || path === '') throw new Error('a cgroup manager needs a path')
  return path
}

function unifiedPath(setup: CgroupSetup, init: CgroupManagerInit): string {
  const saved = init.paths?.['']
  return saved ?? below(setup.unified as NonNullable<CgroupSetup['unified']>, requirePath(init))
}

function v1Paths(setup: CgroupSetup, path: string): Record<string, string> {
  const paths: Record<string, string> = {}
  for (const hierarchy of setup.hierarchies) {
    for (const controller of hierarchy.controllers) paths[controller] = below(hierarchy, path)
  }
  if (setup.unified) paths[''] = below(setup.unified, path)
  return paths
}

/** The host path of a cgroup: normalised first, so that `..` stops at the root of what is mounted. */
function below(hierarchy: { mountPoint: string; root: string; own: string }, path: string): string {
  const clean = posix.normalize(`/${path}`)
  if (path.startsWith('/')) return posix.join(hierarchy.mountPoint, clean)
  return posix.join(ownCgroup(hierarchy), clean)
}

function ownCgroup(hierarchy: { mountPoint: string; root: string; own: string }): string {
  // In a container the own path may lie outside of what is mounted; then the mount's root is all there is.
  const own = hierarchy.root === '/' ? hierarchy.own : relativeTo(hierarchy.root, hierarchy.own)
  return posix.join(hierarchy.mountPoint, posix.normalize(`/${own}`))
}

function relativeTo(root: string, own: string): string {
  return own === root || own.startsWith(`${root}/`) ? own.slice(root.length) : '/'
}
