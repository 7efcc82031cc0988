// SPDX-License-Identifier: Apache-2.0
import { posix } from 'node:path'
import type { HostConfig, Mount } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import { checkTarget, parseBind, propagations } from './bind-syntax.ts'
import type { MountPoint } from './mount-point.ts'
import { tmpfsOptions, tmpfsWords } from './tmpfs-options.ts'

function invalid(type: string, detail: string): never {
  throw new StackError('invalid-argument', `invalid mount config for type "${type}": ${detail}`)
}

function bindOf(mount: Mount, target: string): MountPoint {
  const options = mount.BindOptions ?? {}
  const source = mount.Source ?? ''
  if (source === '') invalid('bind', 'field Source must not be empty')
  if (!source.startsWith('/')) invalid('bind', `invalid mount path: '${source}' mount path must be absolute`)
  const propagation = options.Propagation || 'rprivate'
  if (!propagations.includes(propagation)) invalid('bind', `invalid propagation mode: ${propagation}`)
  if (mount.VolumeOptions || mount.TmpfsOptions)
    invalid('bind', 'field VolumeOptions or TmpfsOptions must not be specified')
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

function fromLongForm(mount: Mount): MountPoint {
  const type = mount.Type ?? ''
  if (!mount.Target) invalid(type, 'field Target must not be empty')
  const target = checkTarget(mount.Target)
  const readOnly = mount.ReadOnly ?? false
  if (type === 'bind') return bindOf(mount, target)
  if (type === 'volume') {
    if (mount.VolumeOptions?.Subpath) invalid('volume', 'a subpath of a volume cannot be mounted by this engine')
    const noCopy = mount.VolumeOptions?.NoCopy ?? false
    return { type: 'volume', name: mount.Source ?? '', target, readOnly, noCopy, mode: '' }
  }
  if (type === 'tmpfs') {
    if (mount.Source) invalid('tmpfs', 'field Source must not be specified')
    return { type: 'tmpfs', target, options: tmpfsOptions(tmpfsWords(mount.TmpfsOptions, readOnly)) }
  }
  if (type === 'image' || type === 'npipe' || type === 'cluster')
    invalid(type, 'mount type is not supported by this engine')
  throw new StackError('invalid-argument', `mount type unknown: "${type}"`)
}

function fromTmpfs([path, options]: [string, string]): MountPoint {
  return { type: 'tmpfs', target: checkTarget(path), options: tmpfsOptions(options.split(',').filter(Boolean)) }
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
    ...(hostConfig.Binds ?? []).map(parseBind),
    ...(hostConfig.Mounts ?? []).map(fromLongForm),
    ...Object.entries(hostConfig.Tmpfs ?? {}).map(fromTmpfs),
  ]
  refuseDuplicates(points)
  return points
}
