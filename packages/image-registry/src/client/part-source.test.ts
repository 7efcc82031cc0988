// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { digestOf } from '@teu/oci-spec/image'
import fc from 'fast-check'
import { PartSource } from './part-source.ts'

const bytes = Buffer.from(Array.from({ length: 100 }, (_, i) => i))
const descriptor = { mediaType: 'x/y', digest: digestOf(bytes), size: bytes.length }

function opener(chunk: number, content: Uint8Array = bytes) {
  const opened: number[] = []
  const open = async function* (offset: number) {
    opened.push(offset)
    for (let at = offset; at < content.length; at += chunk) yield content.subarray(at, at + chunk)
  }
  return { open, opened }
}
const collect = async (source: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(source))

test('parts in a row come from one reading, whatever the chunks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 120 }), async (chunk, part) => {
      const { open, opened } = opener(chunk)
      const source = new PartSource(descriptor, open, undefined)
      const parts: Buffer[] = []
      for (let at = 0; at < bytes.length; at += part)
        parts.push(await collect(source.part(at, Math.min(at + part, bytes.length))))
      assert.deepEqual(Buffer.concat(parts), bytes)
      assert.deepEqual(opened, [0])
    }),
    { numRuns: 50 },
  )
})

test('any other part opens the source anew', async () => {
  const { open, opened } = opener(7)
  const sent: number[] = []
  const source = new PartSource(descriptor, open, (count) => sent.push(count))
  for await (const _ of source.part(0, 50)) break
  assert.deepEqual(await collect(source.part(7, 20)), bytes.subarray(7, 20))
  assert.deepEqual(await collect(source.part(20, 30)), bytes.subarray(20, 30))
  assert.deepEqual(await collect(source.part(10, 100)), bytes.subarray(10))
  assert.deepEqual(opened, [0, 7, 10])
  assert.equal(sent.at(-1), 100)
})

test('a reading that hangs does not hold up the next', async () => {
  const released = Promise.withResolvers<void>()
  let count = 0
  const source = new PartSource(
    descriptor,
    async function* (offset) {
      if (count++ === 0) await released.promise
      yield bytes.subarray(offset)
    },
    undefined,
  )
  const hung = collect(source.part(0, 100))
  assert.deepEqual(await collect(source.part(0, 100)), bytes)
  released.resolve()
  assert.deepEqual(await hung, bytes)
})

for (const [what, content] of [
  ['short', bytes.subarray(1)],
  ['long', Buffer.concat([bytes, Buffer.from('x')])],
] as const) {
  test(`a source that is too ${what} is an error`, async () => {
    const source = new PartSource(descriptor, opener(16, content).open, undefined)
    await assert.rejects(collect(source.part(0, 100)), { code: 'data-loss', message: /source/ })
  })
}
