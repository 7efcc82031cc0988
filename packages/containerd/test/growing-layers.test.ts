// SPDX-License-Identifier: Apache-2.0
// Layers that are unpacked while they are still written into the content store.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { WriteAction, WriteContentRequest, writeBlob } from '@teu/containerd-api'
import { digestOf, inTest, keep, layerOf, needsRoot, startDaemon, withView } from './daemon.ts'

const snapshotter = 'overlayfs'

/** A blob that comes in two halves, the second one when it is asked for. */
async function begin(t: TestContext, bytes: Uint8Array, expected = digestOf(bytes)) {
  const daemon = await startDaemon(t)
  const { snapshots, diff, content, leases } = daemon.services
  const lease = (await leases.create({ id: randomBytes(4).toString('hex'), labels: {} }, inTest)).lease!.id
  const options = { ...inTest, metadata: { ...inTest.metadata, 'containerd-lease': lease } }
  const { promise: wanted, resolve: goOn, reject: breakOff } = Promise.withResolvers<void>()
  const half = bytes.length >> 1
  const written = writeBlob(
    content,
    { ref: 'layer', expected, size: BigInt(bytes.length), labels: keep },
    (async function* () {
      yield bytes.subarray(0, half)
      await wanted
      yield bytes.subarray(half)
    })(),
    options,
  )
  written.catch(() => {})
  const isBegun = async () => {
    const { statuses } = await content.listStatuses({ filters: [] }, options)
    return statuses.some(({ offset }) => offset > 0n)
  }
  while (!(await isBegun())) await delay(10)
  const { mounts } = await snapshots.prepare({ snapshotter, key: 'making', parent: '', labels: {} }, options)
  const descriptor = { mediaType: '', digest: expected, size: BigInt(bytes.length), annotations: {} }
  const applied = diff.apply({ diff: descriptor, mounts, payloads: {}, syncFs: false }, options)
  applied.catch(() => {})
  return { daemon, mounts, written, applied, goOn, breakOff, options }
}

/** A layer too large to be written in one piece. */
function largeLayer() {
  const files = Array.from({ length: 40 }, (_, i) => ({ name: `file${i}`, data: randomBytes(100_000) }))
  return { files, tar: layerOf(...files) }
}

for (const [name, pack] of [
  ['plain', (tar: Buffer) => tar],
  ['gzip', (tar: Buffer) => gzipSync(tar)],
] as const) {
  test(`a ${name} layer is unpacked while it grows, and answered when it is committed`, needsRoot, async (t) => {
    const { files, tar } = largeLayer()
    const { daemon, mounts, written, applied, goOn, options } = await begin(t, pack(tar))
    const root = mounts[0]!.source
    for (let i = 0; !existsSync(join(root, 'file5')); i++) {
      assert.ok(i < 1000, 'nothing is unpacked before the end')
      await delay(25)
    }
    assert.ok(!existsSync(join(root, 'file39')))
    let answered = false
    applied.finally(() => {
      answered = true
    })
    await delay(50)
    assert.equal(answered, false)
    goOn()
    await written
    assert.equal((await applied).applied?.digest, digestOf(tar))
    const { snapshots } = daemon.services
    await snapshots.commit({ snapshotter, name: 'made', key: 'making', labels: keep, parent: '' }, options)
    await withView(daemon, snapshotter, 'made', (path) => {
      for (const { name, data } of files) assert.deepEqual(readFileSync(join(path, name)), data)
    })
  })
}

test('a layer that turns out not to be what was announced is not answered', needsRoot, async (t) => {
  const { tar } = largeLayer()
  const { written, applied, goOn } = await begin(t, tar, digestOf(Buffer.from('another')))
  goOn()
  await assert.rejects(written, { code: 'failed-precondition' })
  await assert.rejects(applied, { code: 'not-found' })
})

test('a layer that is unpacked while its writer announces another digest is not answered', needsRoot, async (t) => {
  const { tar } = largeLayer()
  const daemon = await startDaemon(t)
  const { snapshots, diff, content } = daemon.services
  const [announced, actual] = [digestOf(Buffer.from('another')), digestOf(tar)]
  const { promise: wanted, resolve: goOn } = Promise.withResolvers<void>()
  const half = tar.length >> 1
  const request = (fields: Partial<WriteContentRequest>) => WriteContentRequest.fromPartial(fields)
  const requests = async function* () {
    yield request({ action: WriteAction.STAT, ref: 'layer', expected: announced })
    yield request({ action: WriteAction.WRITE, data: tar.subarray(0, half) })
    await wanted
    const rest = { offset: BigInt(half), data: tar.subarray(half), expected: actual, labels: keep }
    yield request({ action: WriteAction.COMMIT, ...rest })
  }
  const written = Array.fromAsync(content.write(requests(), inTest))
  while ((await content.status({ ref: 'layer' }, inTest).catch(() => undefined))?.status?.offset !== BigInt(half))
    await delay(10)
  const { mounts } = await snapshots.prepare({ snapshotter, key: 'making', parent: '', labels: keep }, inTest)
  const descriptor = { mediaType: '', digest: announced, size: BigInt(tar.length), annotations: {} }
  const applied = diff.apply({ diff: descriptor, mounts, payloads: {}, syncFs: false }, inTest)
  applied.catch(() => {})
  while (!existsSync(join(mounts[0]!.source, 'file5'))) await delay(10)
  goOn()
  assert.equal((await written).at(-1)?.digest, actual)
  await assert.rejects(applied, { code: 'not-found' })
})

test('a layer whose writer goes away ends as one that is not there', needsRoot, async (t) => {
  const { tar } = largeLayer()
  const { written, applied, breakOff } = await begin(t, gzipSync(tar))
  breakOff(new Error('the connection broke'))
  await assert.rejects(written)
  await assert.rejects(applied, { code: 'not-found' })
})
