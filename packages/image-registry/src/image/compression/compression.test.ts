// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { blocksOf } from './blocks.ts'
import { compressed } from './compress.ts'
import { compressionOfStream, decompressed } from './decompress.ts'
import { gzip } from './gzip.ts'

const collect = async (source: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(source))
async function* chunks(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

/** Bytes with something to find in them, over several blocks. */
const text = Buffer.from(
  Array.from({ length: 60_000 }, (_, i) =>
    createHash('md5')
      .update(String(i % 977))
      .digest('hex'),
  ).join(' '),
)

test('gzip is one ordinary stream, the same however it is cut and on however many cores', async () => {
  const expected = await collect(gzip(chunks(text, 65_536), { concurrency: 1 }))
  assert.ok(expected.length < text.length / 2)
  assert.deepEqual(gunzipSync(expected), text)
  for (const [size, concurrency] of [
    [text.length, 4],
    [1_000_003, 3],
    [7_777, 2],
  ] as const)
    assert.deepEqual(await collect(gzip(chunks(text, size), { concurrency })), expected)
})

test('blocks are compressed hardly worse than the whole', async () => {
  const whole = gzipSync(text, { level: 4 })
  assert.ok((await collect(gzip(chunks(text, 65_536)))).length < whole.length * 1.01)
})

test('a header says nothing of when and where', async () => {
  const head = (await collect(gzip(chunks(Buffer.from('x'), 1)))).subarray(0, 10)
  assert.equal(head.toString('hex'), '1f8b08000000000000ff')
})

test('everything that is compressed comes back', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 3000 }),
      fc.integer({ min: 1, max: 500 }),
      fc.constantFrom('gzip' as const, 'zstd' as const, 'none' as const),
      async (bytes, size, compression) => {
        // What is stored as it is may look like something else by chance.
        fc.pre(compression !== 'none' || bytes[0] !== 0x1f)
        const stored = await collect(compressed(chunks(bytes, size), { compression }))
        assert.deepEqual(await collect(decompressed(chunks(stored, size))), Buffer.from(bytes))
      },
    ),
    { numRuns: 60 },
  )
})

test('frames are found whatever they hold', async () => {
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }),
    fc.nat(400_000).map((size) => new Uint8Array(size).fill(7)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(content, { maxLength: 5 }), fc.boolean(), fc.nat(3000), async (parts, sum, size) => {
      const params = { [constants.ZSTD_c_checksumFlag]: sum ? 1 : 0 }
      const frames = Buffer.concat(parts.map((part) => zstdCompressSync(part, { params })))
      assert.deepEqual(await collect(decompressed(chunks(frames, size + 1))), Buffer.concat(parts))
    }),
    { numRuns: 100 },
  )
})

test('zstd is read by others', async () => {
  assert.deepEqual(zstdDecompressSync(await collect(compressed(chunks(text, 9999), { compression: 'zstd' }))), text)
})

const hello = Buffer.from('hello ')
const world = Buffer.from('world')
const several: [what: string, bytes: Buffer, expected: string][] = [
  ['gzip members', Buffer.concat([gzipSync(hello), gzipSync(world)]), 'hello world'],
  ['zstd frames', Buffer.concat([zstdCompressSync(hello), zstdCompressSync(world)]), 'hello world'],
  [
    'a zstd frame that is to be skipped',
    Buffer.concat([Buffer.from('532a4d180300000078797a', 'hex'), zstdCompressSync(world)]),
    'world',
  ],
  ['bytes of no known kind', Buffer.from('plain'), 'plain'],
  ['one byte', Buffer.from('x'), 'x'],
  ['nothing', Buffer.alloc(0), ''],
  ['gzip followed by zeros', Buffer.concat([gzipSync(world), Buffer.alloc(100)]), 'world'],
]
for (const [what, bytes, expected] of several) {
  for (const size of [1, 5, 1000]) {
    test(`${what} in chunks of ${size}`, async () => {
      assert.equal((await collect(decompressed(chunks(bytes, size)))).toString(), expected)
    })
  }
}

const flipped = Buffer.from(gzipSync(hello))
flipped[flipped.length - 5]! ^= 1
const damaged: [what: string, bytes: Buffer][] = [
  ['gzip that is cut off', gzipSync(text).subarray(0, -3)],
  ['zstd that is cut off', zstdCompressSync(text).subarray(0, -3)],
  ['gzip with a wrong checksum', flipped],
  ['gzip followed by something else', Buffer.concat([gzipSync(hello), Buffer.from('garbage')])],
  ['zstd with a frame that is skipped and cut off', Buffer.from('532a4d180300000078', 'hex')],
  ['zstd followed by something else', Buffer.concat([zstdCompressSync(hello), Buffer.from('garbage')])],
]
for (const [what, bytes] of damaged) {
  test(`${what} is an error`, async () => {
    await assert.rejects(collect(decompressed(chunks(bytes, 4096))), { code: 'data-loss', message: /stream/ })
  })
}

test('what the source fails with is what the reader hears', async () => {
  const failing = async function* () {
    yield gzipSync(text).subarray(0, 100)
    throw new RangeError('of the source')
  }
  await assert.rejects(collect(decompressed(failing())), RangeError)
  for (const compression of ['gzip', 'zstd'] as const)
    await assert.rejects(collect(compressed(failing(), { compression })), RangeError)
})

test('a reader that leaves early lets go of the source', async () => {
  for (const wrap of [
    decompressed,
    (source: AsyncIterable<Uint8Array>) => compressed(source, { compression: 'zstd' }),
    gzip,
  ]) {
    const released = Promise.withResolvers<void>()
    const endless = async function* () {
      try {
        yield gzipSync(text)
        for (;;) yield gzipSync(text)
      } finally {
        released.resolve()
      }
    }
    let count = 0
    for await (const _ of wrap(endless())) if (++count === 2) break
    await released.promise
  }
})

test('there are no other levels', () => {
  for (const [compression, level] of [
    ['gzip', 10],
    ['gzip', -1],
    ['gzip', 1.5],
    ['zstd', 0],
    ['zstd', 23],
  ] as const)
    assert.throws(() => compressed(chunks(text, 1), { compression, level }), { code: 'invalid-argument' })
})

test('blocks are full but for the last', async () => {
  for (const size of [1, 3, 64, 200])
    assert.deepEqual(
      (await Array.fromAsync(blocksOf(chunks(Buffer.alloc(130), size), 64))).map(({ length }) => length),
      [64, 64, 2],
    )
  assert.deepEqual(await Array.fromAsync(blocksOf(chunks(Buffer.alloc(0), 1), 64)), [])
})

test('looking at how a source is compressed lets go of it', async () => {
  let open = 0
  const source = async function* (bytes: Buffer) {
    open++
    try {
      for (const byte of bytes) yield Buffer.from([byte])
    } finally {
      open--
    }
  }
  for (const [bytes, expected] of [
    [gzipSync(text), 'gzip'],
    [text, 'none'],
    [Buffer.alloc(0), 'none'],
    [Buffer.from([0x1f, 0x8b]), 'gzip'],
  ] as const)
    assert.equal(await compressionOfStream(source(bytes)), expected)
  assert.equal(open, 0)
})
