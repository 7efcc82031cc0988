// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { ConformanceCase } from '../harness/suite.ts'
import { addBlob, blobsOf, digestOf, readBlob } from './blobs.ts'
import type { ContainerdContext } from './context.ts'
import { collect, refused } from './refused.ts'

export const contentCases: readonly ConformanceCase<ContainerdContext>[] = [
  {
    name: 'content is read whole, from an offset, and in a range',
    async run({ calls }) {
      const digest = await addBlob(calls, '0123456789')
      const read = async (offset: bigint, size: bigint) => (await readBlob(calls, { digest, offset, size })).toString()
      assert.equal(await read(0n, 0n), '0123456789')
      assert.equal(await read(4n, 0n), '456789')
      assert.equal(await read(3n, 4n), '3456')
      assert.equal(await read(0n, 10n), '0123456789')
    },
  },
  {
    name: 'a read from beyond the end is OutOfRange, and one that goes beyond it stops there',
    async run({ calls }) {
      const digest = await addBlob(calls, '0123456789')
      await refused(readBlob(calls, { digest, offset: 11n }), 'OUT_OF_RANGE')
      assert.equal((await readBlob(calls, { digest, offset: 5n, size: 6n })).toString(), '56789')
      assert.equal((await readBlob(calls, { digest, offset: 10n })).length, 0)
    },
  },
  {
    name: 'long content comes in pieces whose offsets follow one another',
    async run({ calls }) {
      const data = Buffer.alloc(3_000_000, 'long content ')
      const digest = await addBlob(calls, data)
      const parts = await collect(calls.content.read({ digest }))
      let at = 0n
      for (const { offset, data: bytes } of parts) {
        assert.equal(offset, at)
        at += BigInt(bytes.length)
      }
      assert.ok(parts.length > 1 && data.equals(Buffer.concat(parts.map((part) => part.data))))
    },
  },
  {
    name: 'content that is not there is NotFound, and a digest that is none is InvalidArgument',
    async run({ calls, prefix }) {
      const digest = digestOf(`absent from ${prefix}`)
      await refused(calls.content.info({ digest }), 'NOT_FOUND')
      await refused(readBlob(calls, { digest }), 'NOT_FOUND')
      await refused(calls.content.delete({ digest }), 'NOT_FOUND')
      await refused(calls.content.update({ info: { digest }, updateMask: ['labels'] }), 'NOT_FOUND')
      for (const bad of ['', 'sha256:short', 'sha256:../../etc/passwd', 'md4:00'])
        await refused(calls.content.info({ digest: bad }), 'INVALID_ARGUMENT')
    },
  },
  {
    name: "content's labels change by mask or as a whole, and nothing else does",
    async run(containerd) {
      const { content } = containerd.calls
      const digest = await addBlob(containerd.calls, containerd.name('labelled'), { a: '1', b: '2' })
      const update = async (labels: Record<string, string>, updateMask?: string[]) =>
        (await content.update({ info: { digest, labels }, updateMask })).info?.labels
      assert.deepEqual(await update({ a: '', c: '3' }, ['labels.a', 'labels.c']), { b: '2', c: '3' })
      assert.deepEqual(await update({ d: '4' }, ['labels']), { d: '4' })
      assert.deepEqual((await content.info({ digest })).info?.labels, { d: '4' })
      await refused(update({}, ['size']), 'INVALID_ARGUMENT')
      await refused(update({ e: 'x'.repeat(4096) }, ['labels.e']), 'INVALID_ARGUMENT')
    },
  },
  {
    name: 'content is listed by digest, size and label',
    async run(containerd) {
      const { calls } = containerd
      const mark = containerd.name('mark')
      const one = await addBlob(calls, `${mark} one`, { mark, 'with.dots/and': 'slash' })
      const two = await addBlob(calls, `${mark} two!`, { mark })
      assert.deepEqual(await blobsOf(calls, [`labels.mark==${mark}`]), [one, two].sort())
      assert.deepEqual(await blobsOf(calls, [`labels."with.dots/and"==slash,labels.mark==${mark}`]), [one])
      assert.deepEqual(await blobsOf(calls, [`digest==${two}`]), [two])
      assert.deepEqual(await blobsOf(calls, [`digest==${two}`, `digest==${one}`]), [one, two].sort())
      assert.deepEqual(await blobsOf(calls, [`labels.mark~=^${mark}$,digest!=${one}`]), [two])
      await refused(blobsOf(calls, ['labels.=']), 'INVALID_ARGUMENT')
    },
  },
  {
    name: 'content is deleted once',
    async run(containerd) {
      const { calls } = containerd
      const digest = await addBlob(calls, containerd.name('deleted'))
      await calls.content.delete({ digest })
      await refused(calls.content.info({ digest }), 'NOT_FOUND')
      await refused(calls.content.delete({ digest }), 'NOT_FOUND')
    },
  },
]
