// SPDX-License-Identifier: Apache-2.0
import { type ContainerCreateBody, compareApiVersions, type HostConfig, type Mount } from '@teu/engine-api'
import { StackError } from '@teu/errors'

function invalid(message: string): never {
  throw new StackError('invalid-argument', message)
}

/**
 * A create body as a client of that API version means it: what came later is not heeded, or refused where ignoring it
 * would be dangerous, and defaults are the ones of that time. Throws `invalid-argument` with the original's texts.
 */
export function adaptCreate(body: ContainerCreateBody, apiVersion: string): ContainerCreateBody {
  const before = (version: string) => compareApiVersions(apiVersion, version) < 0
  const { HostConfig: host = {}, NetworkingConfig: networking, Healthcheck: health } = body
  const endpoints = Object.keys(networking?.EndpointsConfig ?? {})
  if (before('1.44') && endpoints.length > 1) {
    invalid(`Container cannot be created with multiple network endpoints: ${endpoints.join(', ')}`)
  }
  if (before('1.45') && host.Mounts?.some(({ VolumeOptions }) => VolumeOptions?.Subpath)) {
    invalid('VolumeOptions.Subpath needs API v1.45 or newer')
  }
  return {
    ...body,
    ...(health && before('1.44') ? { Healthcheck: { ...health, StartInterval: 0 } } : {}),
    HostConfig: adaptHost(host, before),
  }
}

function adaptHost(host: HostConfig, before: (version: string) => boolean): HostConfig {
  const adapted: HostConfig = { ...host }
  if (before('1.40') && !host.IpcMode) adapted.IpcMode = 'shareable'
  if (before('1.42')) delete adapted.ConsoleSize
  if (before('1.43')) delete adapted.Annotations
  if ((host.PidsLimit ?? 1) <= 0) delete adapted.PidsLimit
  if (host.Mounts) adapted.Mounts = host.Mounts.map((mount) => adaptMount(mount, before))
  return adapted
}

const optionsOf = { BindOptions: 'bind', VolumeOptions: 'volume', TmpfsOptions: 'tmpfs' } as const

function adaptMount(mount: Mount, before: (version: string) => boolean): Mount {
  const { BindOptions, VolumeOptions, TmpfsOptions, ...rest } = mount
  const given = { BindOptions, VolumeOptions, TmpfsOptions }
  for (const name of ['VolumeOptions', 'BindOptions', 'TmpfsOptions'] as const) {
    if (given[name] === undefined || mount.Type === optionsOf[name]) continue
    if (!before('1.42')) invalid(`${name} must not be specified on mount type "${mount.Type ?? ''}"`)
    // Older servers looked away here, but not from the options of binds.
    if (name !== 'BindOptions') given[name] = undefined
  }
  if (BindOptions?.ReadOnlyForceRecursive && before('1.44')) {
    invalid('BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer')
  }
  const bind = given.BindOptions && adaptBind(given.BindOptions, before)
  const recursion = mount.Type === 'bind' && before('1.44') ? { ...bind, ReadOnlyNonRecursive: true } : bind
  return {
    ...rest,
    ...(recursion ? { BindOptions: recursion } : {}),
    ...(given.VolumeOptions ? { VolumeOptions: given.VolumeOptions } : {}),
    ...(given.TmpfsOptions ? { TmpfsOptions: given.TmpfsOptions } : {}),
  }
}

function adaptBind(options: NonNullable<Mount['BindOptions']>, before: (version: string) => boolean) {
  return {
    ...options,
    ...(before('1.40') ? { NonRecursive: false } : {}),
    ...(before('1.42') ? { CreateMountpoint: false } : {}),
  }
}
