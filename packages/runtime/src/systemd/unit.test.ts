// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deviceProperties } from './device-properties.ts'
import { resourceProperties } from './resource-properties.ts'
import { slicePath, unitOf } from './unit.ts'

test('units have the names that runc gives them', () => {
  assert.deepEqual(unitOf('id', 'machine.slice:libpod:abc', false), {
    name: 'libpod-abc.scope',
    slice: 'machine.slice',
  })
  assert.deepEqual(unitOf('id', '::', false), { name: 'teu-id.scope', slice: 'system.slice' })
  assert.deepEqual(unitOf('id', undefined, true), { name: 'teu-id.scope', slice: 'user.slice' })
  assert.deepEqual(unitOf('id', 'a.slice:x:b.slice', false), { name: 'b.slice', slice: 'a.slice' })
})

test('a slice lies in those that its name begins with', () => {
  assert.equal(slicePath('a-b-c.slice'), '/a.slice/a-b.slice/a-b-c.slice')
  assert.equal(slicePath('-.slice'), '/')
  for (const wrong of ['', '.slice', 'a', 'a/b.slice', '-a.slice', 'a--b.slice', 'a-.slice'])
    assert.throws(() => slicePath(wrong), { message: `invalid slice name: ${wrong}` })
})

test('limits become properties where systemd has them', () => {
  const names = (resources: Parameters<typeof resourceProperties>[0], cgroup: 1 | 2, version = 252) =>
    Object.fromEntries(resourceProperties(resources, { cgroup, version }).map(([name, { value }]) => [name, value]))
  assert.deepEqual(names({ memory: { limit: 100, swap: 150, reservation: 50 } }, 2), {
    MemoryMax: 100n,
    MemoryLow: 50n,
    MemorySwapMax: 50n,
  })
  assert.deepEqual(names({ memory: { limit: 100, swap: 150, reservation: 50 } }, 1), { MemoryLimit: 100n })
  const none = 0xffff_ffff_ffff_ffffn
  assert.deepEqual(names({ memory: { limit: -1 }, pids: { limit: -1 } }, 2), {
    MemoryMax: none,
    MemorySwapMax: none,
    TasksMax: none,
  })
  assert.deepEqual(names({ cpu: { quota: 50_000 } }, 2), { CPUQuotaPerSecUSec: 500_000n })
  assert.deepEqual(names({ cpu: { quota: -1, period: 5000 } }, 2), {
    CPUQuotaPeriodUSec: 5000n,
    CPUQuotaPerSecUSec: none,
  })
  assert.deepEqual(names({ cpu: { period: 5000, cpus: '0' } }, 2, 241), { CPUQuotaPerSecUSec: none })
  assert.deepEqual(names({ cpu: { cpus: '1,9', mems: '0' } }, 2), {
    AllowedCPUs: Uint8Array.of(2, 2),
    AllowedMemoryNodes: Uint8Array.of(1),
  })
  assert.deepEqual(names({ blockIO: { weight: 500 } }, 1), { BlockIOWeight: 500n })
})

test('device rules become a list of what is allowed', () => {
  const list = (rules: Parameters<typeof deviceProperties>[0], version = 252) =>
    deviceProperties(rules, version).map(([name, { value }]) => [name, value])
  const nothing = { allow: false, access: 'rwm' }
  assert.deepEqual(list([nothing, { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }]), [
    ['DevicePolicy', 'strict'],
    ['DeviceAllow', [['/dev/char/1:3', 'rw']]],
  ])
  assert.deepEqual(list([{ allow: true, type: 'a' }]), [
    ['DevicePolicy', 'auto'],
    ['DeviceAllow', []],
  ])
  const wide = { allow: true, type: 'b', access: 'm' } as const
  assert.deepEqual(list([nothing, wide, { ...wide, allow: false }])[1], ['DeviceAllow', []])
  assert.deepEqual(list([nothing, { allow: true, type: 'c', major: 1, minor: 3 }], 239)[1], ['DeviceAllow', []])
  assert.deepEqual(list([nothing, { allow: true, type: 'c', major: 136 }])[1], ['DeviceAllow', [['char-pts', 'rwm']]])
  assert.deepEqual(list([nothing, { allow: true, type: 'c', major: 4094 }])[1], ['DeviceAllow', []])
})
