// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultSpec } from '../spec/default-spec.ts'
import { cgroupPath, deviceRules } from './container-cgroup.ts'

test('without rules everything is denied but what every container has', () => {
  const spec = defaultSpec()
  delete spec.linux?.resources
  const [first, ...rest] = deviceRules(spec)
  assert.deepEqual(first, { allow: false, type: 'a', access: 'rwm' })
  assert.ok(rest.every(({ allow }) => allow))
  const open = rest
    .filter(({ access }) => access !== 'm')
    .map(({ type, major, minor }) => `${type} ${major}:${minor ?? '*'}`)
  assert.deepEqual(open, ['c 1:3', 'c 1:5', 'c 1:7', 'c 1:8', 'c 1:9', 'c 5:0', 'c 5:1', 'c 136:*', 'c 5:2'])
})

test('a node that is made needs a rule to be used', () => {
  const spec = defaultSpec()
  spec.linux = { ...spec.linux, devices: [{ type: 'c', path: '/dev/fuse', major: 10, minor: 229 }] }
  assert.ok(!deviceRules(spec).some(({ major }) => major === 10))
  spec.linux.resources = { devices: [{ allow: true, type: 'c', major: 10, minor: 229, access: 'rw' }] }
  assert.ok(deviceRules(spec).some(({ major, allow }) => major === 10 && allow))
})

test('a node of the spec stands for the one that every container has, and may do only what its own rule allows', () => {
  const spec = defaultSpec()
  const rule = { allow: true, type: 'c', major: 1, minor: 7, access: 'r' } as const
  spec.linux = {
    ...spec.linux,
    devices: [{ type: 'c', path: '/dev/full', major: 1, minor: 7 }],
    resources: { devices: [rule] },
  }
  assert.deepEqual(
    deviceRules(spec).filter(({ major, minor }) => major === 1 && minor === 7),
    [rule],
  )
})

test('the path is that of the spec, or the id; one for the systemd driver is refused', () => {
  const spec = defaultSpec()
  assert.equal(cgroupPath('id', spec), 'id')
  spec.linux = { ...spec.linux, cgroupsPath: '/a/b' }
  assert.equal(cgroupPath('id', spec), '/a/b')
  spec.linux.cgroupsPath = 'system.slice:teu:id'
  assert.throws(() => cgroupPath('id', spec), { code: 'not-implemented' })
})
