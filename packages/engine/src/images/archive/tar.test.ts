// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { readTar, type TarEntry } from './read-tar.ts'
import { padding, type TarHeaderInit, tarEnd, tarHeader } from './write-tar.ts'

function tar(entries: [TarHeaderInit, string?][]): Buffer {
  const parts = entries.flatMap(([init, content = '']) => [tarHeader(init), Buffer.from(content), padding(init.size)])
  return Buffer.concat([...parts, tarEnd])
}

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function readAll(source: AsyncIterable<Uint8Array>): Promise<(Omit<TarEntry, 'body'> & { text: string })[]> {
  const result = []
  for await (const { body, ...entry } of readTar(source)) {
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    result.push({ ...entry, text: Buffer.concat(chunks).toString() })
  }
  return result
}

const long = `${'d'.repeat(90)}/${'f'.repeat(200)}`
const sample = tar([
  [{ path: './a', size: 3 }, 'abc'],
  [{ path: long, size: 600 }, 'x'.repeat(600)],
  [{ path: 'link', size: 0, type: 'SymbolicLink', linkPath: `../${long}` }],
  [{ path: 'ünï', size: 0, uid: 5_000_000, pax: { 'SCHILY.xattr.user.k': Buffer.from([0, 255, 10]) } }],
])

for (const [name, bytes] of Object.entries({ plain: sample, gzip: gzipSync(sample), zstd: zstdCompressSync(sample) })) {
  test(`a ${name} tar is read as it was written`, async () => {
    for (const size of [7, 512, 100_000]) {
      const entries = await readAll(pieces(bytes, size))
      assert.deepEqual(
        entries.map(({ path }) => path),
        ['a', long, 'link', 'ünï'],
      )
      assert.deepEqual(
        entries.map(({ text }) => text.length),
        [3, 600, 0, 0],
      )
      assert.equal(entries[2]?.linkPath, `../${long}`)
      assert.equal(entries[2]?.type, 'link')
    }
  })
}

test('what the reader leaves of an entry is skipped', async () => {
  const paths: string[] = []
  for await (const { path } of readTar(pieces(sample, 100))) paths.push(path)
  assert.equal(paths.length, 4)
})

test('a reader that leaves ends the source', async () => {
  let ended = false
  async function* source() {
    try {
      for (;;) yield* pieces(sample.subarray(0, 1024), 512)
    } finally {
      ended = true
    }
  }
  for await (const _ of readTar(source())) break
  assert.equal(ended, true)
})

const broken: [string, Buffer][] = [
  ['text', Buffer.from('no tar at all '.repeat(100))],
  ['a tar cut in its content', sample.subarray(0, 700)],
  ['a gzip cut short', gzipSync(sample).subarray(0, 60)],
  ['bzip2', Buffer.from('BZh91AY&SY')],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])],
  ['a wrong checksum', Buffer.concat([sample.subarray(0, 10), Buffer.from('!'), sample.subarray(11)])],
]

for (const [name, bytes] of broken) {
  test(`${name} is refused`, async () => {
    await assert.rejects(readAll(pieces(bytes, 512)), { code: 'invalid-argument' })
  })
}
