// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, statSync } from 'node:fs'
import type { MountPoint as MountInfo } from '@teu/engine-api'
import { StackError } from '@teu/errors'
import type { MountPoint } from '../spec/mount-point.ts'
import { requestedMounts } from '../spec/requested-mounts.ts'
import type { ContainerRecord } from './container.ts'
import type { ContainerContext } from './context.ts'

/**
 * Makes what a new container's mounts need on the host: volumes, and the sources of binds that ask for it. Fills in
 * the record's mounts. Throws `invalid-argument` for a bind whose source is missing.
 */
export async function prepareMounts(context: ContainerContext, record: ContainerRecord): Promise<void> {
  const requested = requestedMounts(record.hostConfig)
  const taken = new Set(requested.map(({ target }) => target))
  const fromImage = Object.keys(record.config.Volumes ?? {})
    .filter((target) => !taken.has(target))
    .map((target): MountPoint => ({ type: 'volume', name: '', target, readOnly: false, noCopy: false, mode: '' }))
  for (const mount of [...requested, ...fromImage]) {
    if (mount.type === 'bind') record.mounts.push(prepareBind(mount))
    else if (mount.type === 'volume') await prepareVolume(context, record, mount)
    else if (mount.type === 'tmpfs' && mount.shown) record.mounts.push(tmpfsInfo(mount.target))
  }
}

function prepareBind(mount: MountPoint & { type: 'bind' }): MountInfo {
  const present = statSync(mount.source, { throwIfNoEntry: false }) !== undefined
  if (!present && mount.createSource) mkdirSync(mount.source, { recursive: true })
  else if (!present) {
    const message = `invalid mount config for type "bind": bind source path does not exist: ${mount.source}`
    throw new StackError('invalid-argument', message)
  }
  return {
    Type: 'bind',
    Source: mount.source,
    Destination: mount.target,
    Mode: mount.mode,
    RW: !mount.readOnly,
    Propagation: mount.propagation,
  }
}

async function prepareVolume(
  context: ContainerContext,
  record: ContainerRecord,
  mount: MountPoint & { type: 'volume' },
): Promise<void> {
  const volume = await context.volumes.acquire(await nameOf(context, mount), record.id)
  if (mount.name === '') record.anonymousVolumes.push(volume.Name)
  record.volumes.push({ source: volume.Mountpoint, target: mount.target, readOnly: mount.readOnly })
  record.mounts.push({
    Type: 'volume',
    Name: volume.Name,
    Source: volume.Mountpoint,
    Destination: mount.target,
    Driver: volume.Driver,
    Mode: mount.mode || (mount.name === '' ? '' : 'z'),
    RW: !mount.readOnly,
    Propagation: '',
  })
}

/** The name of a mount's volume, which is made here if it needs more than a name. */
async function nameOf({ volumes }: ContainerContext, mount: MountPoint & { type: 'volume' }): Promise<string> {
  const { name, driver, driverOptions, labels } = mount
  if (driver === undefined && driverOptions === undefined && labels === undefined) return name
  const made = await volumes.create({
    ...(name === '' ? {} : { Name: name }),
    ...(driver === undefined ? {} : { Driver: driver }),
    ...(driverOptions === undefined ? {} : { DriverOpts: { ...driverOptions } }),
    ...(labels === undefined ? {} : { Labels: { ...labels } }),
  })
  return made.Name
}

function tmpfsInfo(target: string): MountInfo {
  return { Type: 'tmpfs', Source: '', Destination: target, Mode: '', RW: true, Propagation: '' }
}
