// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { readAddress } from './call-shim.ts'
import { frame, requestBody } from './frames.ts'

test('a frame says its length, its stream and that it is a request', () => {
  const bytes = frame(3, requestBody('a.B', 'C', Buffer.from([0x0a, 0])))
  assert.deepEqual([...bytes.subarray(0, 10)], [0, 0, 0, 12, 0, 0, 0, 3, 1, 0])
  assert.deepEqual([...bytes.subarray(10)], [10, 3, 97, 46, 66, 18, 1, 67, 26, 2, 10, 0])
})

test('an address is text or JSON', () => {
  assert.deepEqual(readAddress('unix:///run/x\n'), { address: 'unix:///run/x', version: 2 })
  assert.deepEqual(readAddress('{"version":3,"address":"unix:///x","protocol":"ttrpc"}'), {
    address: 'unix:///x',
    version: 3,
  })
  assert.throws(() => readAddress('{"version":4,"address":"unix:///x"}'))
  assert.throws(() => readAddress('{"version":2,"address":"unix:///x","protocol":"grpc"}'))
})
