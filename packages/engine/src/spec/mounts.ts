// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import type { Mount } from '@teu/oci-spec/runtime'
import type { SpecInput } from './build-spec.ts'
import type { BindMountPoint, MountPoint, VolumeMountPoint } from './mount-point.ts'
import { requestedMounts } from './requested-mounts.ts'

/** Bytes of /dev/shm when a request says nothing. */
export const defaultShmSize = 64 * 1024 * 1024

const hidden = ['nosuid', 'noexec', 'nodev']

function systemMounts(privileged: boolean): Mount[] {
  const readOnly = privileged ? [] : ['ro']
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: hidden },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...hidden, ...readOnly] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...readOnly, ...hidden] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: hidden },
  ]
}

/** Shared memory goes with the IPC namespace: the host's, that of the namespace's owner, a fresh one, or none. */
function sharedMemory({ hostConfig, shmPath }: SpecInput): Mount | undefined {
  const mode = hostConfig.IpcMode ?? ''
  const source = mode === 'host' ? '/dev/shm' : shmPath
  if (source !== undefined) return { destination: '/dev/shm', type: 'bind', source, options: ['rbind', 'rprivate'] }
  if (mode.startsWith('container:')) {
    throw new StackError('failed-precondition', `cannot share /dev/shm of ${mode.slice(10)}: it is not shareable`)
  }
  if (mode === 'none') return undefined
  const size = hostConfig.ShmSize || defaultShmSize
  return { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: [...hidden, 'mode=1777', `size=${size}`] }
}

function bind(point: BindMountPoint, recursiveReadOnly: boolean): Mount {
  const readOnly = recursiveReadOnly && !point.readOnlyNonRecursive && !point.nonRecursive ? 'rro' : 'ro'
  return {
    destination: point.target,
    type: 'bind',
    source: point.source,
    options: [point.nonRecursive ? 'bind' : 'rbind', ...(point.readOnly ? [readOnly] : []), point.propagation],
  }
}

function volume(point: VolumeMountPoint, { volumes = [] }: SpecInput): Mount {
  const found = volumes.find(({ target }) => target === point.target)
  if (!found) {
    const what = point.name === '' ? 'anonymous volume' : `volume ${point.name}`
    throw new StackError('failed-precondition', `${what} for ${point.target} was not prepared`)
  }
  const options = ['rbind', ...(found.readOnly ? ['ro'] : []), 'rprivate']
  return { destination: point.target, type: 'bind', source: found.source, options }
}

function requested(point: MountPoint, input: SpecInput): Mount {
  if (point.type === 'bind') return bind(point, input.host.recursiveReadOnly)
  if (point.type === 'volume') return volume(point, input)
  if (point.type === 'image') throw new StackError('not-implemented', `image ${point.source} cannot be mounted`)
  return { destination: point.target, type: 'tmpfs', source: 'tmpfs', options: point.options }
}

/** Volumes that only the image declares, not the request. */
function imageVolumes({ volumes = [] }: SpecInput, taken: ReadonlySet<string>): Mount[] {
  return volumes
    .filter(({ target }) => !taken.has(target))
    .map(({ source, target, readOnly }) => ({
      destination: target,
      type: 'bind',
      source,
      options: ['rbind', ...(readOnly ? ['ro'] : []), 'rprivate'],
    }))
}

function containerFiles({ files = {}, hostConfig }: SpecInput): Mount[] {
  const options = ['rbind', ...(hostConfig.ReadonlyRootfs ? ['ro'] : []), 'rprivate']
  const places: [string, string | undefined][] = [
    ['/etc/resolv.conf', files.resolvConf],
    ['/etc/hostname', files.hostname],
    ['/etc/hosts', files.hosts],
  ]
  return places.flatMap(([destination, source]) =>
    source === undefined ? [] : [{ destination, type: 'bind', source, options }],
  )
}

const depth = ({ destination }: Mount): number => destination.split('/').length

/**
 * All mounts of a container, in an order in which none hides another: those of the system, then by depth. A mount of
 * the request takes the place of ours at the same path, and one at /dev that of all below it.
 */
export function specMounts(input: SpecInput): Mount[] {
  const own = requestedMounts(input.hostConfig).map((point) => requested(point, input))
  const taken = new Set(own.map(({ destination }) => destination))
  const free = ({ destination }: Mount) =>
    !taken.has(destination) && !(taken.has('/dev') && destination.startsWith('/dev/'))
  const memory = sharedMemory(input)
  const system = [...systemMounts(input.hostConfig.Privileged ?? false), ...(memory?.type === 'tmpfs' ? [memory] : [])]
  const ours = [...containerFiles(input), ...(memory?.type === 'bind' ? [memory] : [])]
  const added = [...own, ...imageVolumes(input, taken), ...ours.filter(free)]
  return [...system.filter(free), ...added.sort((a, b) => depth(a) - depth(b))]
}

/** What the root mount must be for binds of the request to pass mounts on; undefined leaves it as it is. */
export function rootfsPropagation(input: SpecInput): string | undefined {
  const wanted = requestedMounts(input.hostConfig).map((point) => (point.type === 'bind' ? point.propagation : ''))
  if (wanted.some((propagation) => propagation.endsWith('shared'))) return 'shared'
  return wanted.some((propagation) => propagation.endsWith('slave')) ? 'rslave' : undefined
}
