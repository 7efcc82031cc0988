// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path'
import { type CgroupSetup, mountFlags, type ParsedMountOptions, parseMountOptions, protocolConstants } from '@teu/linux'
import type { Mount, Spec } from '@teu/oci-spec/runtime'
import { formatIdMap } from '../spec/id-maps.ts'
import { isPrivate, namespaceOf } from '../spec/namespaces.ts'
import { cgroupMountSteps } from './cgroup-mount.ts'
import { type Step, slots } from './program.ts'

/** What the steps of the mounts depend on besides the spec. @internal */
export interface MountContext {
  spec: Spec
  /** Absolute path of the bundle; relative sources of binds start there. */
  bundle: string
  cgroups: CgroupSetup
  /** Cgroup directories of the container by controller. */
  cgroupPaths: Readonly<Record<string, string>>
  /** Whether the runtime is root: who is not may clone mounts in its own user namespace only, and sees the same there. */
  privileged: boolean
}

/** Steps of all mounts, by when they run. @internal */
export interface MountSteps {
  /** Before a user namespace is entered: opens the sources of binds that root there may not reach. */
  sources: Step[]
  mounts: Step[]
  /** After the devices were made: mounts on which something had to be made are made read-only at last. */
  finish: Step[]
}

/** Compiles `mounts`, in order. @internal */
export function mountSteps(context: MountContext): MountSteps {
  const result: MountSteps = { sources: [], mounts: [], finish: [] }
  for (const mount of context.spec.mounts ?? []) {
    const options = parseMountOptions(mount.options ?? [])
    const destination = posix.resolve('/', mount.destination)
    if (isBind(mount, options)) addBind(context, result, mount, destination, options)
    else if (mount.type === 'cgroup') addCgroup(context, result, destination, options)
    else addFilesystem(result, mount, destination, options)
  }
  return result
}

/** Whether the container brings the host's or its own /dev along, so that nothing is made in it. @internal */
export function bindsDev(spec: Spec): boolean {
  return (spec.mounts ?? []).some(
    (mount) =>
      posix.resolve('/', mount.destination) === '/dev' && isBind(mount, parseMountOptions(mount.options ?? [])),
  )
}

function isBind(mount: Mount, options: ParsedMountOptions): boolean {
  return mount.type === 'bind' || (options.flags & mountFlags.bind) !== 0
}

const bindBits = mountFlags.bind | mountFlags.rec | mountFlags.remount

function addBind(
  context: MountContext,
  result: MountSteps,
  mount: Mount,
  destination: string,
  options: ParsedMountOptions,
): void {
  const source = posix.resolve(context.bundle, mount.source ?? '')
  const recursive = (options.flags & mountFlags.rec) !== 0 ? 1 : 0
  const mapped = isMapped(mount, options)
  let slot = -1
  if (mapped || (context.privileged && isPrivate(context.spec, 'user'))) {
    slot = nextSlot(result)
    result.sources.push({ kind: 'open-tree', slot, path: source, recursive })
  }
  if (mapped) addMapping(context.spec, result, mount, options.idmap === 'ridmap' ? 1 : 0, slot)
  const flags = options.flags & ~bindBits
  result.mounts.push({
    kind: 'bind',
    destination,
    source,
    slot,
    recursive,
    remount: flags === 0 ? 0 : 1,
    flags,
    propagation: options.propagation,
    attrSet: BigInt(options.recursiveSet),
    attrClear: BigInt(options.recursiveClear),
  })
}

/** Whether files show other ids in the mount than they have. @internal */
export function isMapped(mount: Mount, { idmap }: ParsedMountOptions): boolean {
  return idmap !== undefined || (mount.uidMappings?.length ?? 0) + (mount.gidMappings?.length ?? 0) > 0
}

/** By the mappings of the mount, or else by those of the container's user namespace. */
function addMapping(spec: Spec, result: MountSteps, mount: Mount, recursive: number, slot: number): void {
  const own = (mount.uidMappings?.length ?? 0) > 0
  const user = namespaceOf(spec, 'user')
  let namespace = -1
  if (!own && typeof user === 'object') {
    namespace = nextSlot(result)
    result.sources.push({ kind: 'open', slot: namespace, path: user.path, flags: 0 })
  }
  const { uidMappings = [], gidMappings = [] } = own ? mount : (spec.linux ?? {})
  const [uids, gids] = [formatIdMap(uidMappings), formatIdMap(gidMappings)]
  result.sources.push({ kind: 'map-tree', slot, namespace, uids, gids, recursive })
}

function nextSlot(result: MountSteps): number {
  return slots.sources + result.sources.length
}

const strictTypes: ReadonlySet<string> = new Set(['proc', 'sysfs'])

function addFilesystem(result: MountSteps, mount: Mount, destination: string, options: ParsedMountOptions): void {
  const type = mount.type ?? ''
  let flags = options.flags
  if (destination === '/dev' && (flags & mountFlags.rdonly) !== 0) {
    flags &= ~mountFlags.rdonly
    result.finish.push({ kind: 'remount', destination, flags: options.flags })
  }
  result.mounts.push({
    kind: 'mount',
    destination,
    source: mount.source ?? type,
    type,
    flags,
    data: options.data.join(','),
    propagation: options.propagation,
    options: strictTypes.has(type) ? protocolConstants.strictDirectory : 0,
    copyUp: options.copyUp ? 1 : 0,
  })
}

function addCgroup(context: MountContext, result: MountSteps, destination: string, options: ParsedMountOptions): void {
  const steps = cgroupMountSteps({
    destination,
    options,
    setup: context.cgroups,
    paths: context.cgroupPaths,
    privateCgroup: isPrivate(context.spec, 'cgroup'),
    privateUser: isPrivate(context.spec, 'user'),
    privileged: context.privileged,
    firstSlot: nextSlot(result),
  })
  result.sources.push(...steps.sources)
  result.mounts.push(...steps.mounts)
}
