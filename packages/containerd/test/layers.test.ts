// SPDX-License-Identifier: Apache-2.0
// Layers into snapshots and back, on both snapshotters, with what only root may make.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { readSmallBlob } from '@teu/containerd-api'
import { mountAllAt, RootDirectory, umountFlags, unmountAll } from '@teu/linux'
import {
  addBlob,
  digestOf,
  inTest,
  keep,
  type LayerEntry,
  layerOf,
  needsRoot,
  startDaemon,
  unpack,
  withView,
} from './daemon.ts'

const snapshotters = ['overlayfs', 'native'] as const
const ociLayer = 'application/vnd.oci.image.layer.v1.tar'

/** A tree as text, one line an entry, as `ls -lR` would but stable. */
function describe(path: string): string[] {
  using root = RootDirectory.open(path)
  const lines: string[] = []
  const walk = (folder: string) => {
    for (const { name } of root.readdir(folder).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const at = folder === '' ? name : `${folder}/${name}`
      const stat = root.lstat(at)!
      const what = (stat.mode & 0o170000) === 0o120000 ? ` -> ${root.readlink(at)}` : ''
      const isFile = (stat.mode & 0o170000) === 0o100000
      const data = isFile ? ` ${readFileSync(join(path, at), 'latin1')}` : ''
      const links = isFile && stat.nlink > 1 ? ` x${stat.nlink}` : ''
      lines.push(`${at} ${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${stat.mtimeNs}${links}${what}${data}`)
      if ((stat.mode & 0o170000) === 0o040000) walk(at)
    }
  }
  walk('')
  return lines
}

for (const snapshotter of snapshotters) {
  test(`${snapshotter}: all kinds of entries arrive as they are`, needsRoot, async (t) => {
    const daemon = await startDaemon(t)
    const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex')
    const layer = layerOf(
      { name: './', mode: 0o711, uid: 3, gid: 4, type: 'directory' },
      { name: 'bin/', mode: 0o2775, uid: 1, gid: 2 },
      { name: 'bin/tool', mode: 0o4755, uid: 5, gid: 6, data: 'tool', mtimeNs: 1_600_000_000_123_456_789n },
      { name: 'bin/same', type: 'hardlink', linkName: 'bin/tool' },
      {
        name: 'bin/ping',
        data: 'p',
        xattrs: new Map([
          ['security.capability', capability],
          ['trusted.overlay.opaque', Buffer.from('y')],
        ]),
      },
      { name: 'lib', type: 'symlink', linkName: '/usr/lib', uid: 7, gid: 8 },
      { name: 'usr/lib/deep/file', data: 'made the folders above' },
      { name: 'dev/null', type: 'character-device', major: 1, minor: 3, mode: 0o666 },
      { name: 'pipe', type: 'fifo', mode: 0o600 },
    )
    const name = await unpack(daemon, snapshotter, layer)
    await withView(daemon, snapshotter, name, (path) => {
      const mode = (file: string) => (lstatSync(join(path, file)).mode & 0o7777).toString(8)
      assert.equal(mode('.'), '711')
      assert.equal(mode('bin'), '2775')
      assert.equal(mode('bin/tool'), '4755')
      assert.equal(mode('usr/lib/deep'), '755')
      assert.equal(lstatSync(join(path, 'bin/tool'), { bigint: true }).mtimeNs, 1_600_000_000_123_456_789n)
      assert.equal(lstatSync(join(path, 'bin/tool')).ino, lstatSync(join(path, 'bin/same')).ino)
      assert.equal(lstatSync(join(path, 'bin')).mtimeMs, 1_700_000_000_000)
      assert.equal(readlinkSync(join(path, 'lib')), '/usr/lib')
      assert.equal(lstatSync(join(path, 'lib')).uid, 7)
      const device = lstatSync(join(path, 'dev/null'))
      assert.ok(device.isCharacterDevice())
      assert.equal(device.rdev, 0x103)
      assert.ok(lstatSync(join(path, 'pipe')).isFIFO())
      using root = RootDirectory.open(path)
      assert.deepEqual(root.xattrs.list('bin/ping'), ['security.capability'])
      assert.deepEqual(root.xattrs.get('bin/ping', 'security.capability').subarray(4, 8), capability.subarray(4, 8))
    })
  })

  test(`${snapshotter}: a layer hides, empties and replaces what is below it`, needsRoot, async (t) => {
    const daemon = await startDaemon(t)
    const base = layerOf(
      { name: 'gone', data: '1' },
      { name: 'full/' },
      { name: 'full/old', data: '2' },
      { name: 'full/sub/' },
      { name: 'full/sub/older', data: '3' },
      { name: 'again/' },
      { name: 'again/old', data: '4' },
      { name: 'tree/' },
      { name: 'tree/leaf', data: '5' },
      { name: 'file', data: '6' },
      { name: 'kept/', mode: 0o700, uid: 9, gid: 9 },
      { name: 'kept/old', data: '7' },
    )
    const top = layerOf(
      { name: '.wh.gone' },
      { name: '.wh.never' },
      { name: 'full/new', data: 'n' },
      { name: 'full/.wh..wh..opq' },
      { name: 'full/sub/new', data: 'n' },
      { name: '.wh.again' },
      { name: 'again/' },
      { name: 'again/new', data: 'n' },
      { name: 'tree', data: 'now a file' },
      { name: 'file/' },
      { name: 'file/inside', data: 'now a folder' },
      { name: 'kept/new', data: 'n' },
    )
    const name = await unpack(daemon, snapshotter, base, top)
    await withView(daemon, snapshotter, name, (path) => {
      assert.deepEqual(readdirSync(path).sort(), ['again', 'file', 'full', 'kept', 'tree'])
      assert.deepEqual(readdirSync(join(path, 'full')).sort(), ['new', 'sub'])
      assert.deepEqual(readdirSync(join(path, 'full/sub')), ['new'])
      assert.deepEqual(readdirSync(join(path, 'again')), ['new'])
      assert.equal(readFileSync(join(path, 'tree'), 'utf8'), 'now a file')
      assert.deepEqual(readdirSync(join(path, 'file')), ['inside'])
      assert.deepEqual(readdirSync(join(path, 'kept')).sort(), ['new', 'old'])
      assert.equal(lstatSync(join(path, 'kept')).uid, 9)
      assert.equal(lstatSync(join(path, 'kept')).mode & 0o777, 0o700)
    })
  })

  test(`${snapshotter}: the difference of two trees is a layer that makes one of the other`, needsRoot, async (t) => {
    const daemon = await startDaemon(t)
    const { snapshots, diff, content } = daemon.services
    const base = layerOf(
      { name: 'a/' },
      { name: 'a/x', data: '1' },
      { name: 'b', data: '2' },
      { name: 'c/' },
      { name: 'c/y', data: '3' },
      { name: 'same', data: '4' },
    )
    const parent = await unpack(daemon, snapshotter, base)
    const { mounts: right } = await snapshots.prepare({ snapshotter, key: 'rw', parent, labels: keep }, inTest)
    const work = join(daemon.folder, 'work')
    await mkdir(work)
    mountAllAt(right, work)
    try {
      writeFileSync(join(work, 'a/x'), 'changed')
      writeFileSync(join(work, 'new'), 'n', { mode: 0o4755 })
      await chmod(join(work, 'new'), 0o4755)
      await rm(join(work, 'b'))
      await rm(join(work, 'c'), { recursive: true })
      await mkdir(join(work, 'c'))
      await symlink('x', join(work, 'a/link'))
      execFileSync('ln', [join(work, 'new'), join(work, 'hard')])
      const { mounts: left } = await snapshots.view({ snapshotter, key: 'ro', parent, labels: keep }, inTest)
      const request = {
        left,
        right,
        mediaType: `${ociLayer}+gzip`,
        ref: 'diff',
        labels: { 'containerd.io/gc.root': '' },
        sourceDateEpoch: undefined,
      }
      const { diff: made } = await diff.diff(request, inTest)
      const { diff: again } = await diff.diff(request, inTest)
      assert.equal(again?.digest, made?.digest)
      const { info } = await content.info({ digest: made!.digest }, inTest)
      const bytes = await readSmallBlob(content, made!.digest, inTest)
      assert.equal(info?.size, BigInt(bytes.length))
      const name = await unpack(daemon, snapshotter, base, { bytes, mediaType: made!.mediaType })
      // Folder times differ where a layer has no word for a folder; all else has to be equal.
      const plain = (lines: string[]) => lines.map((line) => line.replace(/^(\S+ 4\d+ \S+) \d+/, '$1'))
      await withView(daemon, snapshotter, name, (path) =>
        assert.deepEqual(plain(describe(path)), plain(describe(work))),
      )
      assert.equal(execFileSync('tar', ['-tzf', '-'], { input: bytes }).toString().includes('same'), false)
    } finally {
      unmountAll(work, umountFlags.detach)
    }
  })

  test(`${snapshotter}: an entry never leaves its root`, needsRoot, async (t) => {
    const daemon = await startDaemon(t)
    const canary = join(daemon.folder, 'canary')
    await mkdir(canary)
    writeFileSync(join(canary, 'secret'), 'untouched', { mode: 0o600 })
    const before = describe(canary)
    for (const [what, ...layers] of breakouts(canary)) {
      await unpack(daemon, snapshotter, ...layers.map((entries) => layerOf(...entries))).catch((error) => {
        assert.equal(error.code, 'invalid-argument', `${what}: ${error.message}`)
      })
      assert.deepEqual(describe(canary), before, what)
      assert.equal(existsSync('/teu-escaped'), false, what)
    }
  })
}

const canaryLink = (canary: string): LayerEntry => ({ name: 'd', type: 'symlink', linkName: canary })

function breakouts(canary: string): [string, ...LayerEntry[][]][] {
  const file = { data: 'written by the layer', mode: 0o777 }
  const up = '../'.repeat(20)
  return [
    ['dots', [{ name: `${up}${canary.slice(1)}/secret`, ...file }]],
    ['an absolute name', [{ name: `${canary}/secret`, ...file }]],
    ['through a link of the layer', [canaryLink(canary), { name: 'd/secret', ...file }]],
    ['through a link of the layer below', [canaryLink(canary)], [{ name: 'd/secret', ...file }]],
    [
      'through a relative link',
      [
        { name: 'd', type: 'symlink', linkName: `${up}${canary.slice(1)}` },
        { name: 'd/secret', ...file },
      ],
    ],
    [
      'through a chain of links',
      [
        { name: 'a', type: 'symlink', linkName: '/b' },
        { name: 'b', type: 'symlink', linkName: canary },
        { name: 'a/secret', ...file },
      ],
    ],
    [
      'a file over a link',
      [
        { name: 's', type: 'symlink', linkName: `${canary}/secret` },
        { name: 's', ...file },
      ],
    ],
    ['a folder over a link', [canaryLink(canary), { name: 'd/', mode: 0o777 }, { name: 'd/x', ...file }]],
    [
      'a hard link to the outside',
      [
        { name: 'h', type: 'hardlink', linkName: `${canary}/secret` },
        { name: 'h', ...file },
      ],
    ],
    [
      'a hard link with dots',
      [
        { name: 'h', type: 'hardlink', linkName: `${up}${canary.slice(1)}/secret` },
        { name: 'h', ...file },
      ],
    ],
    [
      'a hard link to a link',
      [
        { name: 's', type: 'symlink', linkName: `${canary}/secret` },
        { name: 'h', type: 'hardlink', linkName: 's', mode: 0o777 },
        { name: 'h', ...file },
      ],
    ],
    [
      'a hard link through a link',
      [canaryLink(canary), { name: 'h', type: 'hardlink', linkName: 'd/secret', mode: 0o777 }],
    ],
    ['a hard link to itself', [{ name: 'h', type: 'hardlink', linkName: 'h' }]],
    ['a hard link to a folder', [{ name: 'x/' }, { name: 'h', type: 'hardlink', linkName: 'x' }]],
    ['a whiteout through a link', [canaryLink(canary), { name: 'd/.wh.secret' }]],
    ['a whiteout through a link below', [canaryLink(canary)], [{ name: 'd/.wh.secret' }]],
    ['an opaque link', [canaryLink(canary)], [{ name: 'd/.wh..wh..opq' }]],
    ['an opaque link of the layer', [canaryLink(canary), { name: 'd/.wh..wh..opq' }]],
    ['a whiteout of the parent', [{ name: 'x/' }, { name: 'x/.wh...' }]],
    ['a whiteout of itself', [{ name: 'x/.wh..' }]],
    ['a whiteout of nothing', [{ name: '.wh.' }]],
    [
      'the root as a link',
      [
        { name: '.', type: 'symlink', linkName: canary },
        { name: 'secret', ...file },
      ],
    ],
    ['the root as a file', [{ name: '/.', ...file }]],
    ['the root as a hard link', [{ name: 'a/..', type: 'hardlink', linkName: `${canary}/secret` }]],
    [
      'a loop of links',
      [
        { name: 'l', type: 'symlink', linkName: 'l' },
        { name: 'l/x', ...file },
      ],
    ],
    [
      'a file as a folder',
      [
        { name: 'f', ...file },
        { name: 'f/x', ...file },
      ],
    ],
    ['a device that cannot be', [{ name: 'z', type: 'block-device', major: 5000, minor: 0 }]],
    ['a name that is too long', [{ name: 'n'.repeat(300), ...file }]],
    ['many folders', [{ name: `${'d/'.repeat(1100)}x`, ...file }]],
  ]
}

test('compressed layers have the diff id of what is in them', needsRoot, async (t) => {
  const daemon = await startDaemon(t)
  const layer = layerOf({ name: 'zeros', data: new Uint8Array(5_000_000) }, { name: 'x', data: 'y' })
  const { snapshots, diff } = daemon.services
  const apply = async (bytes: Uint8Array, mediaType: string) => {
    const digest = await addBlob(daemon, bytes)
    const { mounts } = await snapshots.prepare({ snapshotter: 'native', key: digest, parent: '', labels: keep }, inTest)
    return diff.apply(
      { diff: { mediaType, digest, size: BigInt(bytes.length), annotations: {} }, mounts, payloads: {}, syncFs: true },
      inTest,
    )
  }
  const half = gzipSync(layer.subarray(0, 1_000_000))
  const cases = [
    gzipSync(layer),
    zstdCompressSync(layer),
    layer,
    Buffer.concat([half, gzipSync(layer.subarray(1_000_000))]),
  ]
  for (const bytes of cases) {
    const { applied } = await apply(bytes, `${ociLayer}+gzip`)
    assert.deepEqual(applied, {
      mediaType: ociLayer,
      digest: digestOf(layer),
      size: BigInt(layer.length),
      annotations: {},
    })
  }
  const whole = gzipSync(layer)
  for (const broken of [
    whole.subarray(0, 3000),
    whole.subarray(0, whole.length - 4),
    Buffer.concat([whole.subarray(0, 2000), whole.subarray(2100)]),
    Buffer.alloc(3000, 'x'),
  ])
    await assert.rejects(apply(broken, `${ociLayer}+gzip`), { code: 'invalid-argument' })
  await assert.rejects(apply(Buffer.from('z'), `${ociLayer}+encrypted`), { code: 'not-implemented' })
})

test('snapshots obey their rules, and count what they take', needsRoot, async (t) => {
  const daemon = await startDaemon(t)
  const { snapshots } = daemon.services
  for (const snapshotter of snapshotters) {
    const parent = await unpack(daemon, snapshotter, layerOf({ name: 'x', data: new Uint8Array(100_000) }))
    const at = { snapshotter, labels: keep }
    await snapshots.prepare({ ...at, key: 'a', parent }, inTest)
    await assert.rejects(snapshots.prepare({ ...at, key: 'a', parent }, inTest), { code: 'already-exists' })
    await assert.rejects(snapshots.prepare({ ...at, key: 'b', parent: 'missing' }, inTest), { code: 'not-found' })
    await assert.rejects(snapshots.prepare({ ...at, key: 'b', parent: 'a' }, inTest), { code: 'invalid-argument' })
    await assert.rejects(snapshots.prepare({ ...at, key: '', parent }, inTest), { code: 'invalid-argument' })
    await assert.rejects(snapshots.commit({ ...at, name: parent, key: 'a', parent: '' }, inTest), {
      code: 'already-exists',
    })
    await assert.rejects(snapshots.remove({ snapshotter, key: parent }, inTest), { code: 'failed-precondition' })
    await assert.rejects(snapshots.mounts({ snapshotter, key: parent }, inTest), { code: 'failed-precondition' })
    await assert.rejects(snapshots.mounts({ snapshotter, key: 'gone' }, inTest), { code: 'not-found' })
    await snapshots.view({ ...at, key: 'v', parent }, inTest)
    await assert.rejects(snapshots.commit({ ...at, name: 'n', key: 'v', parent: '' }, inTest), {
      code: 'failed-precondition',
    })
    const { info } = await snapshots.stat({ snapshotter, key: 'a' }, inTest)
    assert.deepEqual([info?.name, info?.parent, info?.kind], ['a', parent, 2])
    const { size, inodes } = await snapshots.usage({ snapshotter, key: parent }, inTest)
    assert.ok(size >= 100_000n && size < 200_000n, `${size}`)
    assert.equal(inodes, 2n)
    const kinds: string[] = []
    for await (const page of snapshots.list({ snapshotter, filters: ['kind==active', 'kind==view'] }, inTest))
      kinds.push(...page.info.map(({ name }) => name))
    assert.deepEqual(kinds, ['a', 'v'])
    await snapshots.remove({ snapshotter, key: 'a' }, inTest)
    await assert.rejects(snapshots.stat({ snapshotter, key: 'a' }, inTest), {
      code: 'not-found',
      message: /does not exist/,
    })
  }
  await assert.rejects(snapshots.stat({ snapshotter: 'zfs', key: 'a' }, inTest), { code: 'invalid-argument' })
})

test('directories follow their records, over a restart too', needsRoot, async (t) => {
  const daemon = await startDaemon(t)
  const folder = join(daemon.folder, 'root/io.containerd.snapshotter.v1.overlayfs/snapshots')
  const name = await unpack(daemon, 'overlayfs', layerOf({ name: 'x', data: 'kept' }))
  await daemon.services.snapshots.prepare({ snapshotter: 'overlayfs', key: 'lost', parent: name, labels: keep }, inTest)
  const [kept, lost] = readdirSync(folder).sort((a, b) => Number(a) - Number(b))
  await rm(join(folder, lost!), { recursive: true })
  await mkdir(join(folder, '77/fs'), { recursive: true })
  await mkdir(join(folder, 'rm-5/fs/deep/down'), { recursive: true })
  const restarted = await daemon.restart()
  assert.deepEqual(readdirSync(folder), [kept])
  await assert.rejects(restarted.services.snapshots.stat({ snapshotter: 'overlayfs', key: 'lost' }, inTest), {
    code: 'not-found',
  })
  await withView({ ...restarted, folder: daemon.folder }, 'overlayfs', name, (path) => {
    assert.equal(readFileSync(join(path, 'x'), 'utf8'), 'kept')
  })
})
