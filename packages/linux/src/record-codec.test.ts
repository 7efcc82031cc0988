// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeRecord, encodeRecords, type RecordLayouts, RecordReader } from './record-codec.ts'

type Sample =
  | { kind: 'empty' }
  | {
      kind: 'all'
      a: number
      b: number
      c: bigint
      d: bigint
      e: string
      f: Uint8Array
      g: readonly string[]
      h: readonly number[]
    }

const layouts: RecordLayouts<Sample> = {
  empty: { id: 1, fields: [] },
  all: {
    id: 2,
    fields: [
      ['a', 'u32'],
      ['b', 'i32'],
      ['c', 'u64'],
      ['d', 'i64'],
      ['e', 'str'],
      ['f', 'bytes'],
      ['g', 'strs'],
      ['h', 'u32s'],
    ],
  },
}

const sample: Sample = {
  kind: 'all',
  a: 0xffff_ffff,
  b: -1,
  c: 0xffff_ffff_ffff_ffffn,
  d: -1n,
  e: 'grün',
  f: Uint8Array.of(0, 1, 2),
  g: ['', 'x'],
  h: [1, 2],
}

test('what was written is read back, however the bytes arrive', () => {
  const bytes = encodeRecords(layouts, [sample, { kind: 'empty' }])
  for (const size of [1, 3, 7, bytes.length]) {
    const reader = new RecordReader(layouts, 1000)
    const records: Sample[] = []
    for (let at = 0; at < bytes.length; at += size) records.push(...reader.push(bytes.subarray(at, at + size)))
    assert.deepEqual(records, [sample, { kind: 'empty' }])
  }
})

test('the header is kind, zero and length', () => {
  assert.deepEqual([...encodeRecord(layouts, { kind: 'empty' })], [1, 0, 0, 0, 0, 0, 0, 0])
})

test('a large record fits', () => {
  const large = { ...sample, e: 'x'.repeat(100_000) } as Sample
  assert.deepEqual(new RecordReader(layouts, 200_000).push(encodeRecord(layouts, large)), [large])
})

test('what the format cannot hold is refused when written', () => {
  const refuse = (change: object) =>
    assert.throws(() => encodeRecord(layouts, { ...sample, ...change } as Sample), RangeError)
  refuse({ e: 'a\0b' })
  refuse({ g: ['a\0b'] })
  refuse({ a: -1 })
  refuse({ a: 2 ** 32 })
  refuse({ b: 2 ** 31 })
  refuse({ a: 1.5 })
  refuse({ c: -1n })
})

test('every truncated or changed record is refused or incomplete, never misread silently into a crash', () => {
  const bytes = encodeRecord(layouts, sample)
  for (let length = 0; length < bytes.length; length++) {
    assert.deepEqual(new RecordReader(layouts, 1000).push(bytes.subarray(0, length)), [])
  }
  for (let at = 0; at < bytes.length; at++) {
    const changed = Uint8Array.from(bytes)
    changed[at] = (changed[at] as number) ^ 0xff
    try {
      new RecordReader(layouts, 1000).push(changed)
    } catch (error) {
      assert.ok(error instanceof RangeError)
    }
  }
})

test('oversized and unknown records are refused before they are buffered', () => {
  const header = Buffer.alloc(8)
  header.writeUInt16LE(1, 0)
  header.writeUInt32LE(1001, 4)
  assert.throws(() => new RecordReader(layouts, 1000).push(header), /over the limit of 1000/)
  header.writeUInt16LE(77, 0)
  header.writeUInt32LE(0, 4)
  assert.throws(() => new RecordReader(layouts, 1000).push(header), /unknown record 77/)
})
