// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { ConformanceCase } from '../harness/suite.ts'
import { addBlob, digestOf, readBlob, Upload } from './blobs.ts'
import type { ContainerdContext } from './context.ts'
import { refused } from './refused.ts'
import type { Wire } from './wire.ts'

/** Runs `use` with an upload that is closed and aborted in the end. */
async function withUpload(containerd: ContainerdContext, use: (upload: Upload, ref: string) => Promise<void>) {
  const ref = containerd.name('ref')
  const upload = new Upload(containerd.calls)
  try {
    await use(upload, ref)
  } finally {
    upload.close()
    await abort(containerd.calls, ref)
  }
}

/** Drops an ingest, once its writer is known to have gone. */
async function abort(calls: Wire, ref: string): Promise<void> {
  for (let round = 0; round < 50; round++) {
    const code = await calls.content.abort({ ref }).then(
      () => 0,
      (error: { code: number }) => error.code,
    )
    if (code === 0 || code === 5) return
    await delay(20)
  }
}

/** Opens a ref whose last writer has just left. */
async function reopen(calls: Wire, ref: string): Promise<{ upload: Upload; offset: bigint }> {
  for (let round = 0; ; round++) {
    const upload = new Upload(calls)
    try {
      const { offset } = await upload.stat({ ref })
      return { upload, offset }
    } catch (error) {
      upload.close()
      if (round === 50 || (error as { code?: number }).code !== 14) throw error
      await delay(20)
    }
  }
}

export const uploadCases: readonly ConformanceCase<ContainerdContext>[] = [
  {
    name: 'content is written in pieces and committed under its digest',
    async run(containerd) {
      await withUpload(containerd, async (upload, ref) => {
        const text = containerd.name('text')
        assert.equal((await upload.stat({ ref, total: BigInt(text.length + 1) })).offset, 0n)
        assert.equal((await upload.write(text)).offset, BigInt(text.length))
        const size = BigInt(text.length + 1)
        assert.equal((await upload.write('!', { offset: BigInt(text.length) })).offset, size)
        const last = await upload.commit({ offset: size, total: size, labels: { a: 'b' } })
        assert.equal(last.digest, digestOf(`${text}!`))
        const { info } = await containerd.calls.content.info({ digest: last.digest })
        assert.deepEqual([info?.digest, info?.size, info?.labels], [last.digest, size, { a: 'b' }])
        assert.ok((info?.createdAt?.seconds ?? 0n) > 1_600_000_000n)
        await refused(containerd.calls.content.status({ ref }), 'NOT_FOUND')
      })
    },
  },
  {
    name: 'a write that was cut off goes on where it was',
    async run(containerd) {
      await withUpload(containerd, async (first, ref) => {
        const text = containerd.name('text')
        await first.write(text, { ref })
        first.close()
        const { upload, offset } = await reopen(containerd.calls, ref)
        assert.equal(offset, BigInt(text.length))
        await upload.write('-rest', { offset })
        const { digest } = await upload.commit({ offset: offset + 5n })
        upload.close()
        assert.equal((await readBlob(containerd.calls, { digest })).toString(), `${text}-rest`)
      })
    },
  },
  {
    name: 'ingests are told by ref and by filters, and aborted',
    async run(containerd) {
      const { content } = containerd.calls
      await withUpload(containerd, async (upload, ref) => {
        await upload.stat({ ref, total: 100n, expected: digestOf(ref) })
        await upload.write('1234')
        const { status } = await content.status({ ref })
        assert.deepEqual([status?.ref, status?.offset], [ref, 4n])
        const { statuses } = await content.listStatuses({ filters: [`ref==${ref}`] })
        assert.deepEqual(
          statuses.map((listed) => [listed.ref, listed.offset]),
          [[ref, 4n]],
        )
        assert.deepEqual((await content.listStatuses({ filters: ['ref==none'] })).statuses, [])
        upload.close()
        await abort(containerd.calls, ref)
        await refused(content.status({ ref }), 'NOT_FOUND')
        await refused(content.abort({ ref }), 'NOT_FOUND')
      })
    },
  },
  {
    name: 'a commit under another digest is FailedPrecondition and keeps nothing',
    async run(containerd) {
      await withUpload(containerd, async (upload, ref) => {
        const expected = digestOf(containerd.name('other'))
        await upload.stat({ ref })
        await upload.write('text')
        await refused(upload.commit({ offset: 4n, expected }), 'FAILED_PRECONDITION')
        await refused(containerd.calls.content.info({ digest: expected }), 'NOT_FOUND')
      })
    },
  },
  {
    name: 'a commit of another size is FailedPrecondition',
    async run(containerd) {
      await withUpload(containerd, async (upload, ref) => {
        await upload.stat({ ref })
        await upload.write('text')
        await refused(upload.commit({ offset: 4n, total: 5n }), 'FAILED_PRECONDITION')
      })
    },
  },
  {
    name: 'a write elsewhere than at the end is OutOfRange',
    async run(containerd) {
      await withUpload(containerd, async (upload, ref) => {
        await upload.stat({ ref })
        await upload.write('text')
        await refused(upload.write('gap', { offset: 9n }), 'OUT_OF_RANGE')
      })
    },
  },
  {
    name: 'a write at offset 0 starts again',
    async run(containerd) {
      await withUpload(containerd, async (upload, ref) => {
        const text = containerd.name('text')
        await upload.write('wrong and longer than what follows it, by far and by more', { ref })
        assert.equal((await upload.write(text, { offset: 0n })).offset, BigInt(text.length))
        const { digest } = await upload.commit({ offset: BigInt(text.length) })
        assert.equal(digest, digestOf(text))
      })
    },
  },
  {
    name: 'a ref that is being written is Unavailable to others',
    async run(containerd) {
      await withUpload(containerd, async (upload, ref) => {
        await upload.stat({ ref })
        const other = new Upload(containerd.calls)
        await refused(other.stat({ ref }), 'UNAVAILABLE', /locked/)
        other.close()
        assert.equal((await upload.write('still mine')).offset, 10n)
      })
    },
  },
  {
    name: 'a write without a ref is InvalidArgument',
    async run(containerd) {
      const upload = new Upload(containerd.calls)
      await refused(upload.stat({}), 'INVALID_ARGUMENT')
      upload.close()
    },
  },
  {
    name: 'a digest that is there already is AlreadyExists, at the start and at the commit',
    async run(containerd) {
      const text = containerd.name('text')
      const expected = await addBlob(containerd.calls, text)
      const early = new Upload(containerd.calls)
      const ref = containerd.name('ref')
      await refused(early.stat({ ref, expected }), 'ALREADY_EXISTS')
      early.close()
      await withUpload(containerd, async (late, lateRef) => {
        await late.write(text, { ref: lateRef })
        await refused(late.commit({ offset: BigInt(text.length) }), 'ALREADY_EXISTS')
      })
      await refused(containerd.calls.content.status({ ref }), 'NOT_FOUND')
    },
  },
  {
    name: 'a message of 8 MiB is taken, and comes back in messages that a client can take',
    async run(containerd) {
      await withUpload(containerd, async (upload, ref) => {
        const data = randomBytes(8 << 20)
        assert.equal((await upload.write(data, { ref })).offset, BigInt(data.length))
        const { digest } = await upload.commit({ offset: BigInt(data.length), expected: digestOf(data) })
        assert.ok(data.equals(await readBlob(containerd.calls, { digest })))
      })
    },
  },
  {
    name: 'another namespace attaches a blob by its digest alone',
    requires: ['shared-content'],
    async run(containerd) {
      const text = containerd.name('shared')
      const digest = await addBlob(containerd.calls, text)
      await containerd.withNamespace(async (calls) => {
        await refused(calls.content.info({ digest }), 'NOT_FOUND')
        const upload = new Upload(calls)
        const size = BigInt(text.length)
        const { offset } = await upload.stat({ ref: 'attach', expected: digest, total: size })
        assert.equal(offset, size)
        await upload.commit({ offset: size, total: size, expected: digest, labels: { 'containerd.io/gc.root': 'x' } })
        upload.close()
        assert.equal((await readBlob(calls, { digest })).toString(), text)
      })
    },
  },
]
