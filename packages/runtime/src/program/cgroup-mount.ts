// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path'
import { type CgroupHierarchy, type CgroupSetup, mountFlags, type ParsedMountOptions } from '@teu/linux'
import type { Step } from './program.ts'

/** A mount of type `cgroup`, which stands for the whole tree that a container sees at /sys/fs/cgroup. @internal */
export interface CgroupMount {
  destination: string
  options: ParsedMountOptions
  setup: CgroupSetup
  /** The container's directories by controller. */
  paths: Readonly<Record<string, string>>
  /** Whether the container has a cgroup namespace: then hierarchies are mounted, and show its own part only. */
  privateCgroup: boolean
  privateUser: boolean
  /** Whether sources are opened before a user namespace is entered. */
  privileged: boolean
  /** First slot that is free for sources. */
  firstSlot: number
}

/** Steps for before a user namespace is entered, and for the mounts. @internal */
export interface CgroupMountSteps {
  sources: Step[]
  mounts: Step[]
}

/** On v2 one mount; on v1 a tmpfs with a mount for each hierarchy and links from merged controllers. @internal */
export function cgroupMountSteps(mount: CgroupMount): CgroupMountSteps {
  const result: CgroupMountSteps = { sources: [], mounts: [] }
  if (mount.setup.mode === 'v2') {
    addUnified(mount, result)
    return result
  }
  const { destination, options } = mount
  const base = mountFlags.nosuid | mountFlags.nodev | mountFlags.noexec
  result.mounts.push(filesystem('tmpfs', 'tmpfs', destination, base, 'mode=755', options.propagation))
  for (const hierarchy of mount.setup.hierarchies) addHierarchy(mount, hierarchy, result)
  if (options.flags & mountFlags.rdonly) {
    result.mounts.push({ kind: 'remount', destination, flags: options.flags | base })
  }
  return result
}

function addUnified(mount: CgroupMount, result: CgroupMountSteps): void {
  // A user namespace may mount what its cgroup namespace covers, and nothing of the host's.
  if (mount.privateUser && !mount.privateCgroup) addBind(mount, mount.paths[''] ?? '', mount.destination, result)
  else {
    const { destination, options } = mount
    result.mounts.push(filesystem('cgroup', 'cgroup2', destination, options.flags, '', options.propagation))
  }
}

function addHierarchy(mount: CgroupMount, hierarchy: CgroupHierarchy, result: CgroupMountSteps): void {
  const names = hierarchy.controllers.map((controller) => controller.replace(/^name=/, ''))
  const folder = posix.basename(hierarchy.mountPoint)
  const destination = posix.join(mount.destination, folder)
  const first = hierarchy.controllers[0] as string
  if (mount.privateCgroup) {
    const data = first.startsWith('name=') ? `none,${first}` : hierarchy.controllers.join(',')
    result.mounts.push(filesystem('cgroup', 'cgroup', destination, mount.options.flags, data, []))
  } else {
    const source = mount.paths[first]
    if (source === undefined) return
    addBind(mount, source, destination, result)
  }
  if (names.length === 1) return
  for (const name of names) {
    result.mounts.push({ kind: 'symlink', path: posix.join(mount.destination, name), target: folder, replace: 0 })
  }
}

function addBind(mount: CgroupMount, source: string, destination: string, result: CgroupMountSteps): void {
  let slot = -1
  if (mount.privateUser && mount.privileged) {
    slot = mount.firstSlot + result.sources.length
    result.sources.push({ kind: 'open-tree', slot, path: source, recursive: 0 })
  }
  result.mounts.push({
    kind: 'bind',
    destination,
    source,
    slot,
    recursive: 0,
    remount: 1,
    flags: mount.options.flags,
    propagation: [],
    attrSet: 0n,
    attrClear: 0n,
  })
}

function filesystem(
  source: string,
  type: string,
  destination: string,
  flags: number,
  data: string,
  propagation: number[],
): Step {
  return { kind: 'mount', destination, source, type, flags, data, propagation, options: 0, copyUp: 0 }
}
