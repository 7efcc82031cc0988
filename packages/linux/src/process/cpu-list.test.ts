// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCpuList } from './cpu-list.ts'

test('lists of processors are read as cpusets write them', () => {
  assert.deepEqual(parseCpuList(''), [])
  assert.deepEqual(parseCpuList('\n'), [])
  assert.deepEqual(parseCpuList('0-3,7\n'), [0, 1, 2, 3, 7])
  assert.deepEqual(parseCpuList('5, 1-2,2'), [1, 2, 5])
})

test('anything else is refused', () => {
  for (const text of ['a', '1-', '-1', '3-1', '1,,2', '1,', '0-8192', '99999', '1 2', '0x1'])
    assert.throws(() => parseCpuList(text), RangeError, text)
})
