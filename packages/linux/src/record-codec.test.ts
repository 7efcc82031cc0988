// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { encodeRecords, type RecordLayouts } from './record-codec.ts'

type Sample = { kind: 'text'; text: string } | { kind: 'data'; data: Uint8Array; wide: bigint }

const layouts: RecordLayouts<Sample> = {
  text: { id: 1, fields: [['text', 'str']] },
  data: {
    id: 2,
    fields: [
      ['data', 'bytes'],
      ['wide', 'u64'],
    ],
  },
}

test('records of any length grow the buffer without losing a byte', () => {
  for (let length = 4000; length < 4200; length++) {
    const bytes = Buffer.from(
      encodeRecords(layouts, [
        { kind: 'text', text: 'x'.repeat(length) },
        { kind: 'data', data: new Uint8Array(5000).fill(7), wide: 0x0102030405060708n },
        { kind: 'text', text: 'end' },
      ]),
    )
    const first = 8 + 4 + length + 1
    assert.equal(bytes.readUInt32LE(4), first - 8)
    assert.equal(bytes.toString('latin1', 12, 12 + length), 'x'.repeat(length))
    assert.equal(bytes[first - 1], 0)
    assert.deepEqual(bytes.subarray(first + 12, first + 5012), Buffer.alloc(5000, 7))
    assert.equal(bytes.readBigUInt64LE(first + 5012), 0x0102030405060708n)
    assert.equal(bytes.toString('latin1', first + 5020 + 12), 'end\0')
  }
})
