// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { ConformanceCase } from '../harness/suite.ts'
import { addBlob, digestOf, readBlob } from './blobs.ts'
import type { ContainerdContext } from './context.ts'
import { readImageArchive } from './image-archive.ts'
import { layerOf } from './layer.ts'
import { insideMounts } from './mounts.ts'
import { refused } from './refused.ts'
import { type Task, withTask } from './task.ts'
import { layerType, unpack } from './unpack.ts'

const list = 'find . -mindepth 1 | sort'

/** What a script prints in a view of a snapshot. */
async function look(containerd: ContainerdContext, parent: string, script: string): Promise<string> {
  const { calls, snapshotter } = containerd
  const { mounts } = await calls.snapshots.view({ snapshotter, key: containerd.name('view'), parent })
  return insideMounts(mounts, script)
}

export const diffCases: readonly ConformanceCase<ContainerdContext>[] = [
  {
    name: 'a layer is unpacked as it is written, and its diff id is answered',
    async run(containerd) {
      const layer = layerOf(
        { name: 'etc/' },
        { name: 'etc/secret', data: 'sesame', mode: 0o600, uid: 1234 },
        { name: 'etc/link', target: '/etc/secret' },
        { name: 'tmp/', mode: 0o1777 },
      )
      const { name, applied } = await unpack(containerd, layer)
      assert.deepEqual(
        [applied?.digest, applied?.size, applied?.mediaType],
        [digestOf(layer), BigInt(layer.length), layerType],
      )
      const script = 'stat -c "%n %a %u %Y" etc/secret tmp; readlink etc/link; cat etc/secret'
      const expected = 'etc/secret 600 1234 1700000000\ntmp 1777 0 1700000000\n/etc/secret\nsesame'
      assert.equal(await look(containerd, name, script), expected)
    },
  },
  {
    name: 'a compressed layer is unpacked, and its diff id is that of the tar within',
    async run(containerd) {
      for (const [suffix, compress] of [
        ['gzip', gzipSync],
        ['zstd', zstdCompressSync],
      ] as const) {
        const layer = layerOf({ name: suffix, data: containerd.name('data') })
        const { name, applied } = await unpack(containerd, compress(layer), `${layerType}+${suffix}`)
        assert.equal(applied?.digest, digestOf(layer), suffix)
        assert.equal(await look(containerd, name, list), `./${suffix}\n`)
      }
    },
  },
  {
    name: 'whiteouts take away what is below, opaque folders all of it',
    async run(containerd) {
      const lower = layerOf(
        { name: 'kept' },
        { name: 'gone' },
        { name: 'gone-folder/' },
        { name: 'gone-folder/file' },
        { name: 'opaque/' },
        { name: 'opaque/old' },
      )
      const upper = layerOf(
        { name: '.wh.gone' },
        { name: '.wh.gone-folder' },
        { name: 'opaque/' },
        { name: 'opaque/.wh..wh..opq' },
        { name: 'opaque/new' },
      )
      const { name: parent } = await unpack(containerd, lower)
      const { name } = await unpack(containerd, upper, layerType, parent)
      assert.equal(await look(containerd, name, list), './kept\n./opaque\n./opaque/new\n')
      assert.match(await look(containerd, parent, list), /gone-folder\/file/)
    },
  },
  {
    name: 'entries that lead out of the layer stay inside it',
    async run(containerd) {
      const marker = `${containerd.prefix}-escaped`
      const layer = layerOf(
        { name: 'way', target: '/tmp' },
        { name: `way/${marker}`, data: 'x' },
        { name: `../../../../../../../../../tmp/${marker}-up`, data: 'x' },
      )
      // Whether such a layer is refused or kept inside is the daemon's choice.
      await unpack(containerd, layer).catch(() => {})
      const script = `ls -d /tmp/${marker} /tmp/${marker}-up 2>/dev/null; true`
      assert.equal(await insideMounts([], script), '')
    },
  },
  {
    name: 'content that is not there is NotFound, and content that is no layer is refused',
    async run(containerd) {
      const { calls, snapshotter } = containerd
      const { mounts } = await calls.snapshots.prepare({ snapshotter, key: containerd.name('extract') })
      const absent = { mediaType: layerType, digest: digestOf(containerd.name('absent')), size: 5n }
      await refused(calls.diff.apply({ diff: absent, mounts }), 'NOT_FOUND')
      const text = Buffer.alloc(2048, 'this is no archive ')
      const diff = { mediaType: layerType, digest: await addBlob(calls, text), size: BigInt(text.length) }
      await assert.rejects(calls.diff.apply({ diff, mounts }))
    },
  },
  {
    name: 'the difference of two trees is a layer that makes one of the other',
    async run(containerd) {
      const { calls, snapshotter } = containerd
      const { name: parent } = await unpack(containerd, layerOf({ name: 'kept' }, { name: 'gone' }, { name: 'old/' }))
      const key = containerd.name('changed')
      const { mounts: right } = await calls.snapshots.prepare({ snapshotter, key, parent })
      await insideMounts(right, 'rm gone; rmdir old; mkdir new; echo text >new/file; chmod 640 new/file')
      const { mounts: left } = await calls.snapshots.view({ snapshotter, key: containerd.name('view'), parent })
      const request = {
        left,
        right,
        mediaType: `${layerType}+gzip`,
        ref: containerd.name('diff'),
        labels: { mark: key },
      }
      const { diff } = await calls.diff.diff(request)
      assert.ok(diff)
      assert.equal(diff.mediaType, `${layerType}+gzip`)
      const { info } = await calls.content.info({ digest: diff.digest })
      assert.equal(info?.size, diff.size)
      assert.equal(info?.labels.mark, key)
      assert.match(info?.labels['containerd.io/uncompressed'] ?? '', /^sha256:[0-9a-f]{64}$/)
      const { name } = await unpack(containerd, await readBlob(calls, diff), diff.mediaType, parent)
      assert.equal(await look(containerd, name, `${list}; stat -c %a new/file; cat new/file`), made)
    },
  },
  {
    name: 'an image archive is unpacked layer upon layer, and runs',
    requires: ['image-archive'],
    async run(containerd) {
      const { layers, diffIds } = await readImageArchive(containerd.imageArchive ?? '')
      let parent = ''
      for (const [index, layer] of layers.entries()) {
        const compressed = layer[0] === 0x1f && layer[1] === 0x8b
        const { name, applied } = await unpack(containerd, layer, `${layerType}${compressed ? '+gzip' : ''}`, parent)
        assert.equal(applied?.digest, diffIds[index])
        parent = name
      }
      const use = async (task: Task) => {
        await task.start()
        assert.equal(await task.wait(), 0)
        assert.equal((await task.streams.output.whole).toString(), 'ran\n')
      }
      await withTask(containerd, 'echo ran', use, { parent })
    },
  },
]

const made = './kept\n./new\n./new/file\n640\ntext\n'
