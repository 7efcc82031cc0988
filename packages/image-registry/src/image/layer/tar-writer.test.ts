// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { type TarEntry, TarParser } from '@teu/oci-spec/archive'
import fc from 'fast-check'
import { type LayerEntry, writeTar } from './tar-writer.ts'

const collect = async (source: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(source))

function read(tar: Uint8Array): (TarEntry & { content: string })[] {
  const found: (TarEntry & { content: string })[] = []
  const parser = new TarParser({
    entry: (entry) => void found.push({ ...entry, content: '' }),
    data: (chunk) => {
      const last = found.at(-1) as (typeof found)[0]
      last.content += Buffer.from(chunk).toString('hex')
    },
    end: () => {},
  })
  parser.push(tar)
  parser.finish()
  return found
}

test('a tar is what its entries say', async () => {
  const long = `${'dir/'.repeat(40)}é`
  const entries: LayerEntry[] = [
    { path: 'bin', type: 'directory' },
    { path: 'bin/sh', mode: 0o4755, uid: 3_000_000, content: Buffer.from('x'.repeat(600)) },
    { path: 'link', type: 'symlink', target: 't'.repeat(150) },
    { path: 'hard', type: 'hardlink', target: 'bin/sh' },
    { path: long, xattrs: { 'security.capability': Buffer.from([1, 0, 10]) }, mtime: 1.5 },
  ]
  const tar = await collect(writeTar(entries))
  assert.equal(tar.byteLength % 512, 0)
  const [directory, file, link, hard, last] = read(tar)
  assert.deepEqual([directory?.name, directory?.type, directory?.mode], ['bin/', 'directory', 0o755])
  assert.deepEqual([file?.name, file?.mode, file?.uid, file?.size], ['bin/sh', 0o4755, 3_000_000, 600])
  assert.deepEqual([link?.type, link?.linkName], ['symlink', 't'.repeat(150)])
  assert.deepEqual([hard?.type, hard?.linkName], ['hardlink', 'bin/sh'])
  assert.deepEqual([last?.name, last?.mtimeNs], [long, 1_500_000_000n])
  assert.deepEqual([...(last?.xattrs ?? [])], [['security.capability', Uint8Array.from([1, 0, 10])]])
})

const part = fc.string({ minLength: 1, maxLength: 120, unit: 'grapheme' }).filter(
  // A lone surrogate has no UTF-8.
  (text) => !/[/\0]/.test(text) && text !== '.' && text !== '..' && text.isWellFormed(),
)
const entry: fc.Arbitrary<LayerEntry> = fc.record(
  {
    path: fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: fc.oneof(fc.nat(70_000), fc.nat(2 ** 31)),
    gid: fc.nat(2 ** 31),
    mtime: fc.integer({ min: -(2 ** 33), max: 2 ** 35 }),
    xattrs: fc.dictionary(fc.stringMatching(/^user\.[a-z.]{1,20}$/), fc.uint8Array({ maxLength: 40 }), { maxKeys: 3 }),
    content: fc.uint8Array({ maxLength: 1500 }),
  },
  { requiredKeys: ['path'] },
)

test('whatever the entries, they come back, and the same entries make the same bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 6 }), async (entries) => {
      const tar = await collect(writeTar(entries))
      assert.deepEqual(await collect(writeTar(entries)), tar)
      assert.deepEqual(
        read(tar).map(({ name, mode, uid, gid, mtimeNs, xattrs, content }) => ({
          ...{ name, mode, uid, gid, mtimeNs, content },
          xattrs: [...xattrs].map(([key, value]) => [key, Buffer.from(value).toString('hex')]),
        })),
        entries.map(({ path, mode = 0o644, uid = 0, gid = 0, mtime = 0, xattrs = {}, content }) => ({
          ...{ name: path, mode, uid, gid, mtimeNs: BigInt(mtime) * 1_000_000_000n },
          content: Buffer.from((content as Uint8Array | undefined) ?? []).toString('hex'),
          xattrs: Object.keys(xattrs)
            .sort()
            .map((key) => [key, Buffer.from(xattrs[key] as Uint8Array).toString('hex')]),
        })),
      )
    }),
    { numRuns: 200 },
  )
})

for (const bad of ['', '/a', '../a', 'a/../b', './a', 'a//b', 'a/', 'a\0b']) {
  test(`an entry named ${JSON.stringify(bad)} is refused`, async () => {
    await assert.rejects(collect(writeTar([{ path: bad }])), { code: 'invalid-argument', message: /no relative path/ })
  })
}

test('owners and times that are none are refused', async () => {
  for (const wrong of [{ uid: -1 }, { gid: 1.5 }, { uid: Number.NaN }, { mtime: Number.POSITIVE_INFINITY }])
    await assert.rejects(collect(writeTar([{ path: 'a', ...wrong }])), { code: 'invalid-argument' })
})

test('content of another length than announced is refused', async () => {
  for (const text of ['four', 'tw']) {
    const content = {
      size: 3,
      open: async function* () {
        yield Buffer.from(text)
      },
    }
    await assert.rejects(collect(writeTar([{ path: 'a', content }])), { code: 'data-loss', message: /^a: / })
  }
})
