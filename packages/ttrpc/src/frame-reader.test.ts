// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeHeader, type Frame } from './frame.ts'
import { FrameReader } from './frame-reader.ts'
import { maximumMessageLength } from './limits.ts'

function frame(streamId: number, body: string, type = 1, flags = 0): Buffer {
  return Buffer.concat([encodeHeader({ length: body.length, streamId, type, flags }), Buffer.from(body)])
}

function readAll(bytes: Buffer, chunkLength: number): { frames: Frame[]; reader: FrameReader } {
  const reader = new FrameReader()
  const frames: Frame[] = []
  for (let at = 0; at < bytes.length; at += chunkLength) {
    reader.push(bytes.subarray(at, at + chunkLength), (found) => frames.push(found))
  }
  return { frames, reader }
}

test('a header has ten bytes: length and stream id big-endian, type, flags', () => {
  const bytes = encodeHeader({ length: 0x01020304, streamId: 0x05060708, type: 9, flags: 10 })
  assert.deepEqual([...bytes], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

test('frames come out whole however the bytes are cut', () => {
  const bytes = Buffer.concat([frame(1, 'one'), frame(3, '', 2), frame(5, 'x'.repeat(70_000), 3, 1), frame(7, 'end')])
  for (const chunkLength of [1, 2, 9, 10, 11, 13, 4096, bytes.length]) {
    const { frames, reader } = readAll(bytes, chunkLength)
    assert.deepEqual(
      frames.map(({ streamId, type, flags, body }) => [streamId, type, flags, body?.length]),
      [
        [1, 1, 0, 3],
        [3, 2, 0, 0],
        [5, 3, 1, 70_000],
        [7, 1, 0, 3],
      ],
    )
    assert.equal(Buffer.from(frames[3]?.body ?? []).toString(), 'end')
    assert.ok(reader.atBoundary)
  }
})

test('an oversized frame is told of at once, its bytes are dropped, and the next frame is found', () => {
  const length = maximumMessageLength + 5
  const bytes = Buffer.concat([
    encodeHeader({ length, streamId: 1, type: 1, flags: 0 }),
    Buffer.alloc(length, 0xff),
    frame(3, 'after'),
  ])
  for (const chunkLength of [7, 65_536, bytes.length]) {
    const { frames } = readAll(bytes, chunkLength)
    assert.deepEqual(
      frames.map(({ streamId, length: said, body }) => [streamId, said, body && Buffer.from(body).toString()]),
      [
        [1, length, undefined],
        [3, 5, 'after'],
      ],
    )
  }
})

test('every truncation of a frame is no frame, and no boundary', () => {
  const bytes = frame(1, 'body')
  for (let length = 1; length < bytes.length; length++) {
    const { frames, reader } = readAll(bytes.subarray(0, length), 3)
    assert.deepEqual(frames, [])
    assert.equal(reader.atBoundary, false)
  }
})
