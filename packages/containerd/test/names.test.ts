// SPDX-License-Identifier: Apache-2.0
// Names are bytes: those that are not UTF-8 go through every way that a layer can take, and come out as they were.
import assert from 'node:assert/strict'
import {
  closeSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { readSmallBlob } from '@teu/containerd-api'
import { nameOfBytes, TarParser } from '@teu/containerd-api/archive'
import * as linux from '@teu/linux'
import { inTest, keep, layerOf, needsRoot, startDaemon, unpack, withView } from './daemon.ts'

const { mountAllAt, RootDirectory, umountFlags, unmountAll } = linux

const names = [
  Buffer.of(0x61, 0xff),
  Buffer.of(0x61, 0xfe),
  Buffer.of(0x80),
  Buffer.of(0xe2, 0x82),
  Buffer.of(0xc0, 0xaf),
  Buffer.of(0xed, 0xb2, 0x80),
  Buffer.from('\n'),
  Buffer.from('\ufffd'),
  Buffer.from('ü'),
]

const inBytes = (folder: string, ...parts: Buffer[]) =>
  Buffer.concat([Buffer.from(folder), ...parts.flatMap((part) => [Buffer.from('/'), part])])

/** A tree as lines of latin1, which shows every byte. */
function tree(folder: string): string[] {
  const lines: string[] = []
  const walk = (at: Buffer, shown: string) => {
    for (const name of readdirSync(at, 'buffer').sort(Buffer.compare)) {
      const [path, line] = [inBytes('', at, name).subarray(1), `${shown}/${name.toString('latin1')}`]
      const stat = lstatSync(path)
      if (stat.isSymbolicLink()) lines.push(`${line} -> ${readlinkSync(path, 'buffer').toString('latin1')}`)
      else if (stat.isDirectory()) lines.push(`${line}/`)
      else lines.push(`${line} x${stat.nlink} ${readFileSync(path, 'latin1')}`)
      if (stat.isDirectory()) walk(path, line)
    }
  }
  walk(Buffer.from(folder), '')
  return lines
}

test('both forms of names, of archives and of folders, are the same', () => {
  for (let lead = 0; lead < 256; lead++)
    for (const rest of [[], [0x80], [0x80, 0x80], [0xbf, 0x80, 0x80], [0x61]]) {
      const bytes = Buffer.of(lead, ...rest)
      assert.equal(nameOfBytes(bytes), linux.nameOfBytes(bytes))
      assert.deepEqual(linux.bytesOfName(nameOfBytes(bytes)), bytes)
    }
})

/** Every name as a folder, with every kind of entry in it that has a name in its header. */
function layerOfNames() {
  return layerOf(
    ...names.flatMap((bytes) => {
      const name = nameOfBytes(bytes)
      return [
        { name: `${name}/` },
        { name: `${name}/${name}`, data: bytes, xattrs: new Map([[`user.${name}`, bytes]]) },
        { name: `${name}/hard`, type: 'hardlink' as const, linkName: `${name}/${name}` },
        { name: `${name}/link`, type: 'symlink' as const, linkName: `/${name}/${name}` },
        { name: `${name}/gone`, data: 'x' },
      ]
    }),
    ...names.map((bytes) => ({ name: `removed-${nameOfBytes(bytes)}`, data: 'x' })),
  )
}

const expected = names
  .toSorted(Buffer.compare)
  .flatMap((bytes) => {
    const name = bytes.toString('latin1')
    const inside = [`${name} x2 ${name}`, 'gone x1 x', `hard x2 ${name}`, `link -> /${name}/${name}`]
    return [`/${name}/`, ...inside.sort((a, b) => (a < b ? -1 : 1)).map((line) => `/${name}/${line}`)]
  })
  .concat(names.toSorted(Buffer.compare).map((bytes) => `/removed-${bytes.toString('latin1')} x1 x`))
  .sort((a, b) => (a < b ? -1 : 1))

const sorted = (lines: string[]) => lines.sort((a, b) => (a < b ? -1 : 1))

for (const snapshotter of ['overlayfs', 'native']) {
  test(`${snapshotter}: Apply, Prepare, Diff and Apply keep names that are not UTF-8`, needsRoot, async (t) => {
    const daemon = await startDaemon(t)
    const { snapshots, diff, content } = daemon.services
    const base = await unpack(daemon, snapshotter, layerOfNames())
    await withView(daemon, snapshotter, base, (path) => {
      assert.deepEqual(sorted(tree(path)), expected)
      using root = RootDirectory.open(path)
      for (const bytes of names) {
        const name = nameOfBytes(bytes)
        assert.deepEqual(root.xattrs.list(`${name}/${name}`), [`user.${name}`])
        assert.deepEqual(root.xattrs.get(`${name}/${name}`, `user.${name}`), bytes)
      }
    })

    const key = 'changed'
    const left = await snapshots.view({ snapshotter, key: 'before', parent: base, labels: keep }, inTest)
    const right = await snapshots.prepare({ snapshotter, key, parent: base, labels: keep }, inTest)
    const path = await mkdtemp(join(daemon.folder, 'mnt-'))
    mountAllAt(right.mounts, path)
    try {
      for (const bytes of names) {
        rmSync(inBytes(path, Buffer.concat([Buffer.from('removed-'), bytes])))
        rmSync(inBytes(path, bytes, Buffer.from('gone')))
        mkdirSync(inBytes(path, bytes, Buffer.from('new')))
        writeFileSync(inBytes(path, bytes, Buffer.from('new'), bytes), bytes)
        linkSync(inBytes(path, bytes, Buffer.from('new'), bytes), inBytes(path, bytes, Buffer.from('same')))
        symlinkSync(bytes, inBytes(path, bytes, Buffer.from('to')))
      }
      const changed = tree(path)
      unmountAll(path, umountFlags.detach)
      const request = {
        mediaType: 'application/vnd.oci.image.layer.v1.tar',
        ref: 'diff',
        labels: keep,
        sourceDateEpoch: undefined,
      }
      const answer = await diff.diff({ left: left.mounts, right: right.mounts, ...request }, inTest)
      const layer = await readSmallBlob(content, answer.diff!.digest, inTest)
      const entries: string[] = []
      const parser = new TarParser({ entry: ({ name }) => void entries.push(name), data() {}, end() {} })
      parser.push(layer)
      for (const bytes of names) {
        assert.ok(entries.includes(`.wh.removed-${nameOfBytes(bytes)}`))
        assert.ok(entries.includes(`${nameOfBytes(bytes)}/.wh.gone`))
      }
      const again = await unpack(daemon, snapshotter, layerOfNames(), layer)
      await withView(daemon, snapshotter, again, (view) => assert.deepEqual(tree(view), changed))
    } finally {
      try {
        unmountAll(path, umountFlags.detach)
      } catch {}
    }
  })
}

test('a file with holes in a layer of old GNU tar has holes on the disk, and the same bytes', needsRoot, async (t) => {
  const daemon = await startDaemon(t)
  const size = 1 << 26
  const octal = (value: number) => `${value.toString(8).padStart(11, '0')}\0`
  const header = Buffer.from(layerOf({ name: 'sparse', data: 'abc' }).subarray(0, 512))
  header.write('S', 156)
  header.write('ustar  \0', 257, 'latin1')
  header.fill(0, 329, 345)
  header.write(octal(size / 2) + octal(3) + octal(size) + octal(0), 386, 'latin1')
  header.write(octal(size), 483, 'latin1')
  header.fill(0x20, 148, 156)
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
    'latin1',
  )
  const layer = Buffer.concat([header, layerOf({ name: 'sparse', data: 'abc' }).subarray(512)])
  const name = await unpack(daemon, 'native', layer)
  await withView(daemon, 'native', name, (path) => {
    const file = join(path, 'sparse')
    assert.equal(statSync(file).size, size)
    assert.ok(statSync(file).blocks < 1000, `${statSync(file).blocks} blocks`)
    const same = join(daemon.folder, 'same')
    const fd = openSync(same, 'w')
    writeSync(fd, 'abc', size / 2)
    ftruncateSync(fd, size)
    closeSync(fd)
    assert.equal(readFileSync(file).compare(readFileSync(same)), 0)
  })
})
