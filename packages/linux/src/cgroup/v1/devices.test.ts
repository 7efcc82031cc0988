// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { deviceWrites } from './devices.ts'

const nothing = { allow: false, access: 'rwm' }
const nullDevice = { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }
const all = 'a *:* rwm\n'

test('from everything to a list: first all is denied, then exceptions are allowed', () => {
  assert.deepEqual(deviceWrites(all, [nothing, nullDevice]), [
    { file: 'devices.deny', value: 'a' },
    { file: 'devices.allow', value: 'c 1:3 rwm' },
  ])
})

test('from list to list only the difference is written, additions first', () => {
  const writes = deviceWrites('c 1:3 rwm\nb 8:0 r\n', [
    nothing,
    nullDevice,
    { allow: true, type: 'c', major: 5, access: 'rw' },
    { allow: true, type: 'b', major: 8, minor: 0, access: 'm' },
  ])
  assert.deepEqual(writes, [
    { file: 'devices.allow', value: 'c 5:* rw' },
    { file: 'devices.allow', value: 'b 8:0 m' },
    { file: 'devices.deny', value: 'b 8:0 r' },
  ])
  assert.deepEqual(deviceWrites('c 1:3 rwm\n', [nothing, nullDevice]), [])
})

test('no rules deny everything, as on v2', () => {
  assert.deepEqual(deviceWrites(all, []), [{ file: 'devices.deny', value: 'a' }])
  assert.deepEqual(deviceWrites(all, [nullDevice]), deviceWrites(all, [nothing, nullDevice]))
})

test('a later rule takes back an earlier one', () => {
  const rules = [nothing, nullDevice, { allow: false, type: 'c', major: 1, minor: 3, access: 'w' }]
  assert.deepEqual(deviceWrites('', rules), [{ file: 'devices.allow', value: 'c 1:3 rm' }])
})

test('everything allowed but for exceptions', () => {
  const rules = [{ allow: true }, { allow: false, type: 'b', access: 'w' }]
  assert.deepEqual(deviceWrites('c 1:3 rwm\n', rules), [
    { file: 'devices.allow', value: 'a' },
    { file: 'devices.deny', value: 'b *:* w' },
  ])
})

test('a rule for all types is one for each', () => {
  const rules = [nothing, { allow: true, type: 'a', access: 'm' }]
  assert.deepEqual(deviceWrites('', rules), [
    { file: 'devices.allow', value: 'b *:* m' },
    { file: 'devices.allow', value: 'c *:* m' },
  ])
})
