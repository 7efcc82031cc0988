// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path'
import type { HostConfig, Mount } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { checkTarget, checkVolumeName, parseBind, propagations } from './bind-syntax.ts'
import type { MountPoint } from './mount-point.ts'
import { tmpfsOptions, tmpfsWords } from './tmpfs-options.ts'

function invalid(type: string, detail: string): never {
  throw new StackError('invalid-argument', `invalid mount config for type "${type}": ${detail}`)
}

function bindOf(mount: Mount, target: string): MountPoint {
  const options = mount.BindOptions ?? {}
  const source = mount.Source ?? ''
  if (source === '') invalid('bind', 'field Source must not be empty')
  const propagation = options.Propagation || 'rprivate'
  if (!propagations.includes(propagation)) invalid('bind', `invalid propagation mode: ${propagation}`)
  if (mount.VolumeOptions) invalid('bind', 'field VolumeOptions must not be specified')
  if (!source.startsWith('/')) invalid('bind', `invalid mount path: '${source}' mount path must be absolute`)
  return {
    type: 'bind',
    source: posix.normalize(source),
    target,
    readOnly: mount.ReadOnly ?? false,
    nonRecursive: options.NonRecursive ?? false,
    readOnlyNonRecursive: options.ReadOnlyNonRecursive ?? false,
    propagation,
    createSource: options.CreateMountpoint ?? false,
    mode: '',
  }
}

function volumeOf(mount: Mount, target: string): MountPoint {
  const { Source: name = '', ReadOnly: readOnly = false, VolumeOptions: options = {} } = mount
  if (mount.BindOptions) invalid('volume', 'field BindOptions must not be specified')
  const subpath = options.Subpath ?? ''
  if (subpath !== '') {
    if (name === '') invalid('volume', 'must not set Subpath when using anonymous volumes')
    if (subpath.startsWith('/') || posix.normalize(subpath).split('/')[0] === '..') {
      invalid('volume', 'subpath must be a relative path within the volume')
    }
  }
  if (readOnly && name === '') invalid('volume', 'must not set ReadOnly mode when using anonymous volumes')
  checkVolumeName(name)
  const labels = options.Labels
  const driver = options.DriverConfig
  return {
    type: 'volume',
    name,
    target,
    readOnly,
    noCopy: options.NoCopy ?? false,
    mode: 'z',
    ...(labels ? { labels } : {}),
    ...(driver?.Name ? { driver: driver.Name } : {}),
    ...(driver?.Options ? { driverOptions: driver.Options } : {}),
  }
}

function fromLongForm(mount: Mount): MountPoint {
  const type = mount.Type ?? ''
  if (!mount.Target) invalid(type, 'field Target must not be empty')
  const target = checkTarget(mount.Target, (reason) => invalid(type, reason))
  if (type === 'bind') return bindOf(mount, target)
  if (type === 'volume') return volumeOf(mount, target)
  if (type === 'tmpfs') {
    if (mount.BindOptions) invalid('tmpfs', 'field BindOptions must not be specified')
    if (mount.Source) invalid('tmpfs', 'field Source must not be specified')
    const options = tmpfsOptions(tmpfsWords(mount.TmpfsOptions, mount.ReadOnly ?? false))
    return { type: 'tmpfs', target, options, shown: true }
  }
  if (type === 'image') {
    if (mount.BindOptions) invalid('image', 'field BindOptions must not be specified')
    if (!mount.Source) return invalid('image', 'field Source must not be empty')
    return { type: 'image', source: mount.Source, target }
  }
  return invalid(type, 'mount type unknown')
}

function fromTmpfs([path, options]: [string, string]): MountPoint {
  return {
    type: 'tmpfs',
    target: checkTarget(path),
    options: tmpfsOptions(options.split(',').filter(Boolean)),
    shown: false,
  }
}

/** The driver for volumes of the short form. */
function withDriver(point: MountPoint, driver: string | undefined): MountPoint {
  return point.type === 'volume' && driver ? { ...point, driver } : point
}

function refuseDuplicates(points: readonly MountPoint[]): void {
  const seen = new Set<string>()
  for (const { target } of points) {
    if (seen.has(target)) throw new StackError('invalid-argument', `Duplicate mount point: ${target}`)
    seen.add(target)
  }
}

/**
 * Every mount that `HostConfig` asks for, from `Binds`, `Mounts` and `Tmpfs`. Two at one place, and whatever
 * Docker refuses in them, are `invalid-argument` with its text.
 */
export function requestedMounts(hostConfig: HostConfig): MountPoint[] {
  const points = [
    ...(hostConfig.Binds ?? []).map((text) => withDriver(parseBind(text), hostConfig.VolumeDriver)),
    ...(hostConfig.Mounts ?? []).map(fromLongForm),
    ...Object.entries(hostConfig.Tmpfs ?? {}).map(fromTmpfs),
  ]
  refuseDuplicates(points)
  return points
}
