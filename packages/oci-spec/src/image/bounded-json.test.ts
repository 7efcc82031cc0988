// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { codeOf } from '@teu/errors'
import { parseBoundedJson } from './bounded-json.ts'
import { digestOf } from './digest.ts'
import { mediaTypes } from './media-types.ts'
import { parseImageConfig, parseManifest } from './parse-manifest.ts'

const parse = (text: string, bounds = {}) => parseBoundedJson(Buffer.from(text), 'document', bounds)
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`

test('a document within the bounds is read as JSON.parse reads it', () => {
  for (const value of [1, 'x', null, {}, [], { a: ['"', '\\', '\\"]}', { 'b,"[': 'ü,,,[[[' }] }]) {
    assert.deepEqual(parse(JSON.stringify(value), { depth: 4, values: 7 }), value)
  }
})

test('a document is refused when it is longer, deeper or richer than a bound', () => {
  const refusals = [
    ['[1,2]', { bytes: 4 }, 'resource-exhausted', 'document of 5 bytes exceeds 4'],
    [nested(65), {}, 'invalid-argument', 'document is nested deeper than 64'],
    ['{"a":{"b":{}}}', { depth: 2 }, 'invalid-argument', 'document is nested deeper than 2'],
    ['[[],[],[]]', { values: 5 }, 'invalid-argument', 'document has more than 5 values'],
    [`[${'1,'.repeat(70_000)}1]`, {}, 'invalid-argument', 'document has more than 65536 values'],
  ] as const
  for (const [text, bounds, code, message] of refusals) {
    assert.throws(
      () => parse(text, bounds),
      (error: Error) => codeOf(error) === code && error.message === message,
    )
  }
  assert.doesNotThrow(() => parse(nested(64)))
})

test('brackets and commas do not count when they are in a string, also after quotes that are escaped', () => {
  const text = JSON.stringify(`\\"${'[,{'.repeat(1000)}\\\\`)
  assert.equal(parse(text, { depth: 0, values: 0 }), JSON.parse(text))
})

test('a document that is no JSON is refused when its strings or brackets do not end', () => {
  for (const text of ['', '"', '"\\"', '[', ']]]]', '{"a":"', '\ufeff1']) {
    assert.throws(
      () => parse(text),
      (error: Error) => error.message === 'document is not JSON',
      text,
    )
  }
  assert.throws(() => parseBoundedJson(Uint8Array.of(0x22, 0xff, 0x22), 'document'), /is not JSON/)
})

test('two million brackets are refused without being parsed', () => {
  const bytes = Buffer.from(nested(2_000_000))
  const before = process.cpuUsage()
  for (const read of [parseManifest, parseImageConfig]) assert.throws(() => read(bytes), /nested deeper than 64/)
  const { user, system } = process.cpuUsage(before)
  assert.ok(user + system < 50_000, `${(user + system) / 1000} ms`)
})

test('27,000 layers are refused, and 4,096 are not', () => {
  const descriptor = { mediaType: mediaTypes.ociConfig, digest: digestOf('{}'), size: 2 }
  const manifest = (count: number) =>
    Buffer.from(JSON.stringify({ schemaVersion: 2, config: descriptor, layers: Array(count).fill(descriptor) }))
  assert.throws(() => parseManifest(manifest(27_000)), /manifest has more than 65536 values/)
  assert.throws(() => parseManifest(manifest(4097)), /layers: has 4097 items, more than 4096/)
  assert.equal(parseManifest(manifest(4096)).kind, 'manifest')
})
