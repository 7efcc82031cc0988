// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import type { ContainerCreateBody, Mount } from '@teu/engine-api'
import { adaptCreate } from './adapt-create.ts'

const refused = (body: ContainerCreateBody, version: string, message: string) =>
  assert.throws(() => adaptCreate(body, version), { code: 'invalid-argument', message })
const mounts = (...Mounts: Mount[]): ContainerCreateBody => ({ HostConfig: { Mounts } })

test('several networks can be asked for since 1.44', () => {
  const body = { NetworkingConfig: { EndpointsConfig: { a: {}, b: {} } } }
  refused(body, '1.43', 'Container cannot be created with multiple network endpoints: a, b')
  assert.doesNotThrow(() => adaptCreate(body, '1.44'))
  assert.doesNotThrow(() => adaptCreate({ NetworkingConfig: { EndpointsConfig: { a: {} } } }, '1.24'))
})

test('a field is passed over or refused when the API version of the create did not have it', () => {
  const bind: Mount = { Type: 'bind', Source: '/a', Target: '/b', ReadOnly: true }
  const host = (version: string, body: ContainerCreateBody) => adaptCreate(body, version).HostConfig ?? {}
  const full = mounts({ ...bind, BindOptions: { NonRecursive: true, CreateMountpoint: true } })
  assert.deepEqual(host('1.50', full).Mounts, full.HostConfig?.Mounts)
  assert.deepEqual(host('1.39', full).Mounts?.[0]?.BindOptions, {
    NonRecursive: false,
    CreateMountpoint: false,
    ReadOnlyNonRecursive: true,
  })
  assert.deepEqual(host('1.43', mounts(bind)).Mounts?.[0]?.BindOptions, { ReadOnlyNonRecursive: true })
  const forced = mounts({ ...bind, BindOptions: { ReadOnlyForceRecursive: true } })
  refused(forced, '1.43', 'BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer')
  const subpath = mounts({ Type: 'volume', Source: 'v1', Target: '/b', VolumeOptions: { Subpath: 'x' } })
  refused(subpath, '1.44', 'VolumeOptions.Subpath needs API v1.45 or newer')
  assert.equal(host('1.39', {}).IpcMode, 'shareable')
  assert.equal(host('1.40', {}).IpcMode, undefined)
  assert.equal(host('1.41', { HostConfig: { ConsoleSize: [1, 2] } }).ConsoleSize, undefined)
  assert.equal(host('1.42', { HostConfig: { Annotations: { a: 'b' } } }).Annotations, undefined)
  assert.equal(host('1.50', { HostConfig: { PidsLimit: -1 } }).PidsLimit, undefined)
  assert.equal(adaptCreate({ Healthcheck: { StartInterval: 5 } }, '1.43').Healthcheck?.StartInterval, 0)
})

test('options of another type of mount are refused since 1.42', () => {
  const wrong = mounts({ Type: 'bind', Source: '/a', Target: '/b', TmpfsOptions: {}, VolumeOptions: {} })
  refused(wrong, '1.42', 'VolumeOptions must not be specified on mount type "bind"')
  assert.deepEqual(Object.keys(adaptCreate(wrong, '1.41').HostConfig?.Mounts?.[0] ?? {}), [
    'Type',
    'Source',
    'Target',
    'BindOptions',
  ])
  const tmpfs = mounts({ Type: 'tmpfs', Target: '/b', BindOptions: {} })
  refused(tmpfs, '1.50', 'BindOptions must not be specified on mount type "tmpfs"')
  assert.deepEqual(adaptCreate(tmpfs, '1.41').HostConfig?.Mounts?.[0]?.BindOptions, {
    CreateMountpoint: false,
  })
})
