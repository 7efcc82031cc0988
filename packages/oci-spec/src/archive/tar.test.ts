// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { hasCode } from '@teu/errors'
import type { TarEntry } from './tar-header.ts'
import { TarParser } from './tar-parser.ts'
import { tarEnd, tarHeader, tarPadding } from './tar-writer.ts'

const plain: TarEntry = {
  name: 'a',
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

function archive(...entries: [Partial<TarEntry>, string?][]): Buffer {
  const parts = entries.flatMap(([entry, data = '']) => [
    tarHeader({ ...plain, ...entry, size: data.length }),
    Buffer.from(data),
    Buffer.alloc(tarPadding(data.length)),
  ])
  return Buffer.concat([...parts, tarEnd])
}

interface Read extends TarEntry {
  data: string
}

function read(bytes: Uint8Array, chunk = bytes.length || 1): Read[] {
  const found: Read[] = []
  let ended = 0
  const parser = new TarParser({
    entry: (entry) => void found.push({ ...entry, data: '' }),
    data: (bytes) => {
      found.at(-1)!.data += Buffer.from(bytes).toString('latin1')
    },
    end: () => ended++,
  })
  for (let at = 0; at < bytes.length; at += chunk) parser.push(bytes.subarray(at, at + chunk))
  parser.finish()
  assert.equal(ended, found.length)
  return found
}

const invalid = (error: unknown) => hasCode(error, 'invalid-argument')

test('what is written is read, whatever the size of the chunks', () => {
  const entries: [Partial<TarEntry>, string?][] = [
    [{ name: 'dir/', type: 'directory', mode: 0o1777, uid: 5, gid: 6, mtimeNs: 1_700_000_000_123_456_789n }],
    [{ name: 'dir/file', mode: 0o4755 }, 'x'.repeat(1000)],
    [{ name: `${'long/'.repeat(60)}name` }, 'y'],
    [{ name: 'link', type: 'symlink', linkName: `../${'t'.repeat(200)}` }],
    [{ name: 'hard', type: 'hardlink', linkName: 'dir/file' }],
    [{ name: 'dev', type: 'character-device', major: 1, minor: 3 }],
    [{ name: 'fifo', type: 'fifo' }],
    [{ name: 'ü', uid: 3_000_000, mtimeNs: -1_500_000_000n }],
    [{ name: 'late', mtimeNs: 10_000_000_000_000_000_000n }],
    [{ name: 'x', xattrs: new Map([['security.capability', Uint8Array.of(1, 0, 10, 61, 255)]]) }],
    [{ name: '' }],
  ]
  const bytes = archive(...entries)
  for (const chunk of [bytes.length, 1, 7, 511, 512, 513]) {
    const found = read(bytes, chunk)
    assert.equal(found.length, entries.length)
    for (const [index, [entry, data = '']] of entries.entries()) {
      const { data: foundData, ...rest } = found[index]!
      assert.deepEqual(
        { ...rest, xattrs: [...rest.xattrs] },
        { ...plain, ...entry, size: data.length, xattrs: [...(entry.xattrs ?? [])] },
      )
      assert.equal(foundData, data)
    }
  }
})

test('equal entries give equal bytes, in the order of attributes too', () => {
  const [a, b] = [
    new Map([
      ['user.a', Uint8Array.of(1)],
      ['user.b', Uint8Array.of(2)],
    ]),
    new Map([
      ['user.b', Uint8Array.of(2)],
      ['user.a', Uint8Array.of(1)],
    ]),
  ]
  assert.deepEqual(tarHeader({ ...plain, xattrs: a }), tarHeader({ ...plain, xattrs: b }))
})

/** An archive with one header whose field is overwritten, and whose checksum is right again. */
function patched(field: number, value: Uint8Array | string, base: Partial<TarEntry> = {}): Buffer {
  const bytes = archive([base])
  Buffer.from(value).copy(bytes, field)
  bytes.fill(0x20, 148, 156)
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return bytes
}

function pax(records: string): Buffer {
  const header = patched(156, 'x', { size: 0 }).subarray(0, 512)
  header.write(records.length.toString(8).padStart(11, '0'), 124, 'latin1')
  header.fill(0x20, 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return Buffer.concat([
    header,
    Buffer.from(records, 'latin1'),
    Buffer.alloc(tarPadding(records.length)),
    archive([{}]),
  ])
}

const bad: Readonly<Record<string, Buffer>> = {
  'a wrong checksum': (() => {
    const bytes = archive([{}])
    bytes[0]! ^= 1
    return bytes
  })(),
  'no archive at all': Buffer.alloc(512, 'x'),
  'letters for a size': patched(124, 'zzzzzzzzzzz\0'),
  'a negative size': patched(124, Buffer.from('ffffffffffffffffffffffff', 'hex')),
  'a size beyond 2^53': patched(124, Buffer.from('807fffffffffffffffffffff', 'hex')),
  'a negative device': patched(329, Buffer.from('ffffffffffffffff', 'hex'), { type: 'character-device' }),
  'an unknown type': patched(156, 'Z'),
  'a sparse file': patched(156, 'S'),
  'a huge extended header': patched(124, '77777777777\0', {}).fill('x', 156, 157),
  'a record of the wrong length': pax('99 path=a\n'),
  'a record without its end': pax('9 path=abc'),
  'a record without a key': pax('5 =a\n'),
  'a NUL in a path': pax('11 path=a\0b\n'.replace('11', '12')),
  'letters for a time': pax('12 mtime=xx\n'),
  'letters for a number': pax('9 uid=xx\n'),
  'a sparse map': pax('22 GNU.sparse.major=1\n'),
  'one block of zeros within': Buffer.concat([archive([{}]).subarray(0, 512), Buffer.alloc(512), archive([{}])]),
}
for (const [name, bytes] of Object.entries(bad))
  test(`${name} is refused`, () => assert.throws(() => read(bytes), invalid))

test('an archive that is cut off is noticed, unless all data of an entry is there', () => {
  const bytes = archive([{ name: 'a' }, 'data'], [{ name: 'n'.repeat(150) }, 'more'])
  const padding = tarPadding(4)
  const end = bytes.length - tarEnd.length
  for (let length = 0; length < end; length += 64) {
    const whole = length === 0 || (length >= 1024 - padding && length <= 1024) || length >= end - padding
    if (whole) assert.doesNotThrow(() => read(bytes.subarray(0, length)), String(length))
    else assert.throws(() => read(bytes.subarray(0, length)), invalid, String(length))
  }
})

test('what follows the end is ignored, one missing block of zeros is forgiven', () => {
  const bytes = archive([{ name: 'a' }, 'x'])
  assert.equal(read(Buffer.concat([bytes, Buffer.from('garbage')])).length, 1)
  assert.equal(read(bytes.subarray(0, bytes.length - 512)).length, 1)
})

test('names from GNU and from POSIX prefixes', () => {
  const gnu = patched(156, 'L', { name: '././@LongLink' }).subarray(0, 512)
  const name = `${'d/'.repeat(70)}f`
  gnu.write((name.length + 1).toString(8).padStart(11, '0'), 124, 'latin1')
  gnu.fill(0x20, 148, 156)
  const sum = gnu.reduce((total, byte) => total + byte, 0)
  gnu.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  const data = Buffer.concat([Buffer.from(`${name}\0`), Buffer.alloc(tarPadding(name.length + 1))])
  assert.equal(read(Buffer.concat([gnu, data, archive([{}])]))[0]!.name, name)
  assert.equal(read(patched(345, 'some/prefix'))[0]!.name, 'some/prefix/a')
})

test('a reader that can seek need not read what it does not want', () => {
  const bytes = archive([{ name: 'big' }, 'x'.repeat(1300)], [{ name: 'empty' }], [{ name: 'small' }, 'y'])
  const names: string[] = []
  const parser = new TarParser({ entry: ({ name }) => void names.push(name), data: () => assert.fail(), end: () => {} })
  assert.equal(parser.skip(), 0)
  let blocks = 0
  for (let at = 0; at < bytes.length; blocks++) {
    parser.push(bytes.subarray(at, at + 512))
    at += 512 + parser.skip()
  }
  parser.finish()
  assert.deepEqual(names, ['big', 'empty', 'small'])
  assert.equal(blocks, 5)
})
