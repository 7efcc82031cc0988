// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { codeOf } from '@teu/errors'
import { decodeJsonLines, encodeJsonLine } from './json-lines.ts'
import { decodeFrames, encodeFrame, type StreamFrame } from './multiplexed.ts'
import { streamContentType, upgradeHead } from './upgrade.ts'

async function* chunks(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part as Uint8Array)
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

/** Joins payloads of one stream that were handed on in parts. */
function joined(frames: StreamFrame[]): string[] {
  return frames.map(({ stream, payload }) => `${stream}:${Buffer.from(payload).toString('utf8')}`)
}

test('a frame has its stream and big-endian length in front', () => {
  const frame = encodeFrame('stderr', Buffer.from('abc'))
  assert.deepEqual([...frame], [2, 0, 0, 0, 0, 0, 0, 3, 97, 98, 99])
})

test('frames survive every way of being cut', async () => {
  const whole = Buffer.concat([
    encodeFrame('stdout', Buffer.from('one')),
    encodeFrame('stderr', new Uint8Array(0)),
    encodeFrame('systemError', Buffer.from('two')),
  ])
  for (let size = 1; size <= whole.length; size++) {
    const parts = Array.from({ length: Math.ceil(whole.length / size) }, (_, i) =>
      whole.subarray(i * size, (i + 1) * size),
    )
    const frames = await all(decodeFrames(chunks(...parts)))
    const text = (stream: string) =>
      frames.filter((f) => f.stream === stream).map((f) => Buffer.from(f.payload).toString())
    assert.equal(text('stdout').join(''), 'one', `size ${size}`)
    assert.equal(text('systemError').join(''), 'two', `size ${size}`)
  }
})

test('a frame that is cut off and an unknown stream are errors', async () => {
  const frame = encodeFrame('stdout', Buffer.from('abc'))
  await assert.rejects(all(decodeFrames(chunks(frame.subarray(0, 9)))), (e) => codeOf(e) === 'data-loss')
  await assert.rejects(all(decodeFrames(chunks(frame.subarray(0, 4)))), (e) => codeOf(e) === 'data-loss')
  await assert.rejects(all(decodeFrames(chunks(Buffer.from([9, 0, 0, 0, 0, 0, 0, 0])))), /unrecognized stream: 9/)
})

test('a long payload is handed on before its end has come', async () => {
  const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 200])
  const frames = decodeFrames(chunks(head, 'first'))
  assert.deepEqual(joined([(await frames.next()).value as StreamFrame]), ['stdout:first'])
  await assert.rejects(frames.next(), /inside a frame/)
})

test('JSON lines may be cut anywhere, also inside a character', async () => {
  const text = Buffer.from(`${encodeJsonLine({ status: 'é' })}\r\n{"b":1}`)
  for (let at = 1; at < text.length; at++) {
    const values = await all(decodeJsonLines(chunks(text.subarray(0, at), text.subarray(at))))
    assert.deepEqual(values, [{ status: 'é' }, { b: 1 }])
  }
})

test('a JSON line that is no JSON or too long is an error', async () => {
  await assert.rejects(all(decodeJsonLines(chunks('{}\n{oops\n'))), (e) => codeOf(e) === 'invalid-argument')
  await assert.rejects(all(decodeJsonLines(chunks('"aaaaaaaaaa'), 4)), (e) => codeOf(e) === 'resource-exhausted')
})

test('streams are announced by version and terminal', () => {
  assert.match(streamContentType('1.41', false), /raw-stream$/)
  assert.match(streamContentType('1.42', false), /multiplexed-stream$/)
  assert.match(streamContentType('1.50', true), /raw-stream$/)
  assert.match(upgradeHead(true, 'x/y'), /^HTTP\/1\.1 101 UPGRADED\r\nContent-Type: x\/y\r\n/)
  assert.match(upgradeHead(false, 'x/y'), /^HTTP\/1\.1 200 OK\r\n.*raw-stream\r\n\r\n$/s)
})
