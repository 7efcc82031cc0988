// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { type TarEntry as Header, tarEnd, tarHeader, tarPadding } from '@teu/containerd-api/archive'
import { readTar, type TarEntry } from './read-tar.ts'

const plain: Header = {
  name: '',
  type: 'file',
  linkName: '',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeNs: 0n,
  atimeNs: undefined,
  major: 0,
  minor: 0,
  xattrs: new Map(),
}

function tar(entries: [Partial<Header>, string?][]): Buffer {
  const parts = entries.flatMap(([init, content = '']) => {
    const header = tarHeader({ ...plain, ...init, size: content.length })
    return [header, Buffer.from(content), Buffer.alloc(tarPadding(content.length))]
  })
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
  [{ name: './a' }, 'abc'],
  [{ name: long }, 'x'.repeat(600)],
  [{ name: 'link', type: 'symlink', linkName: `../${long}` }],
  [{ name: 'ünï', uid: 5_000_000, xattrs: new Map([['user.k', Buffer.from([0, 255, 10])]]) }],
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

test('an empty stream has no entries, as docker reads it', async () => {
  assert.deepEqual(await readAll(pieces(Buffer.alloc(0), 512)), [])
})

const broken: [string, Buffer][] = [
  ['text', Buffer.from('no tar at all '.repeat(100))],
  ['a tar cut in its content', sample.subarray(0, 2800)],
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
