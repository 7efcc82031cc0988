// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { setTimeout } from 'node:timers/promises'
import {
  type ContainerdServices,
  inNamespace,
  readSmallBlob,
  WriteAction,
  WriteContentRequest,
  type WriteContentResponse,
  writeBlob,
} from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import { addBlob, digestOf, inTest, startDaemon } from './daemon.ts'

const blobFolder = 'root/io.containerd.content.v1.content/blobs/sha256'
const ingestFolder = 'root/io.containerd.content.v1.content/ingest'

/** A write stream that is driven by hand. */
function openWrite(content: ContainerdServices['content'], options = inTest) {
  const queue: WriteContentRequest[] = []
  let wake = () => {}
  let ended = false
  async function* requests() {
    for (;;) {
      const next = queue.shift()
      if (next !== undefined) yield next
      else if (ended) return
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  }
  const responses = content.write(requests(), options)[Symbol.asyncIterator]()
  return {
    async send(request: Partial<WriteContentRequest>): Promise<WriteContentResponse> {
      queue.push(WriteContentRequest.fromPartial(request))
      wake()
      const { value, done } = await responses.next()
      assert.ok(!done)
      return value
    },
    async close() {
      ended = true
      wake()
      await responses.return?.()
    },
  }
}

test('a blob is stored under its digest, and read in part and whole', async (t) => {
  const daemon = await startDaemon(t)
  const { content } = daemon.services
  const bytes = Buffer.alloc(3_000_000, 'abc')
  const digest = await addBlob(daemon, bytes)
  assert.equal(digest, digestOf(bytes))
  assert.deepEqual(Buffer.from(await readSmallBlob(content, digest, inTest)), bytes)
  const part = []
  for await (const { offset, data } of content.read({ digest, offset: 10n, size: 5n }, inTest))
    part.push([offset, data.toString()])
  assert.deepEqual(part, [[0n, bytes.subarray(10, 15).toString()]])
  const past = content.read({ digest, offset: 3_000_001n, size: 0n }, inTest)[Symbol.asyncIterator]()
  await assert.rejects(past.next(), { code: 'out-of-range' })
  const file = await stat(join(daemon.folder, blobFolder, digest.slice(7)))
  assert.equal(file.mode & 0o077, 0)
})

test('a stream states, writes, resumes and commits; the rules of offsets hold', async (t) => {
  const { services } = await startDaemon(t)
  const first = openWrite(services.content)
  assert.equal((await first.send({ action: WriteAction.STAT, ref: 'r' })).offset, 0n)
  assert.equal((await first.send({ action: WriteAction.WRITE, data: Buffer.from('hello ') })).offset, 6n)
  await assert.rejects(openWrite(services.content).send({ ref: 'r' }), { code: 'unavailable', message: /locked/ })
  await assert.rejects(services.content.abort({ ref: 'r' }, inTest), { code: 'unavailable' })
  await first.close()
  const { status } = await services.content.status({ ref: 'r' }, inTest)
  assert.equal(status?.offset, 6n)
  const second = openWrite(services.content)
  assert.equal((await second.send({ ref: 'r' })).offset, 6n)
  assert.equal((await second.send({ action: WriteAction.WRITE, offset: 6n, data: Buffer.from('world') })).offset, 11n)
  const last = await second.send({ action: WriteAction.COMMIT, offset: 11n, total: 11n, labels: { a: 'b' } })
  assert.equal(last.digest, digestOf(Buffer.from('hello world')))
  const { info } = await services.content.info({ digest: last.digest }, inTest)
  assert.deepEqual({ ...info?.labels }, { a: 'b' })
  await assert.rejects(services.content.status({ ref: 'r' }, inTest), { code: 'not-found' })
})

const refused: [string, Partial<WriteContentRequest>[], string][] = [
  ['no ref', [{ ref: '' }], 'invalid-argument'],
  ['a digest that is none', [{ ref: 'r', expected: 'sha256:../x' }], 'invalid-argument'],
  ['a gap', [{ ref: 'r' }, { action: WriteAction.WRITE, offset: 5n, data: Buffer.from('x') }], 'out-of-range'],
  [
    'more than was announced',
    [
      { ref: 'r', total: 1n },
      { action: WriteAction.WRITE, data: Buffer.from('xy') },
    ],
    'failed-precondition',
  ],
  ['another ref', [{ ref: 'r' }, { ref: 's' }], 'invalid-argument'],
  [
    'a wrong size',
    [{ ref: 'r' }, { action: WriteAction.COMMIT, total: 9n, data: Buffer.from('xy') }],
    'failed-precondition',
  ],
  [
    'a wrong digest',
    [{ ref: 'r' }, { action: WriteAction.COMMIT, expected: digestOf(Buffer.from('y')), data: Buffer.from('x') }],
    'failed-precondition',
  ],
  ['an unknown action', [{ ref: 'r' }, { action: 9 as 0 }], 'invalid-argument'],
  [
    'a label that is too long',
    [{ ref: 'r' }, { action: WriteAction.COMMIT, data: Buffer.from('x'), labels: { a: 'x'.repeat(4096) } }],
    'invalid-argument',
  ],
]
test('a write with a mistake is refused, and leaves no blob and no lock', async (t) => {
  const daemon = await startDaemon(t)
  const { content } = daemon.services
  for (const [what, requests, code] of refused) {
    const stream = openWrite(content)
    await assert.rejects(
      async () => {
        for (const request of requests) await stream.send(request)
      },
      { code },
      what,
    )
    await stream.close()
    assert.deepEqual(await readdir(join(daemon.folder, blobFolder)), [], what)
    await content.abort({ ref: 'r' }, inTest).catch((error) => assert.equal(error.code, 'not-found', what))
  }
  assert.deepEqual(await readdir(join(daemon.folder, ingestFolder)), [])
})

test('a ref whose stream is just being closed is opened after it, and one that stays in use is given up after a second', async (t) => {
  const { services } = await startDaemon(t)
  const first = openWrite(services.content)
  await first.send({ action: WriteAction.WRITE, ref: 'r', data: Buffer.from('abc') })
  const second = openWrite(services.content)
  const opened = second.send({ ref: 'r' })
  await setTimeout(20)
  await first.close()
  assert.equal((await opened).offset, 3n)
  const before = performance.now()
  await assert.rejects(openWrite(services.content).send({ ref: 'r' }), {
    code: 'unavailable',
    message: /ref r locked for/,
  })
  const waited = performance.now() - before
  assert.ok(waited > 50 && waited < 5000, `${waited} ms`)
})

test('a call that waits for a ref ends when it is cancelled', async (t) => {
  const { services } = await startDaemon(t)
  const first = openWrite(services.content)
  await first.send({ ref: 'r' })
  const controller = new AbortController()
  const second = openWrite(services.content, { ...inTest, signal: controller.signal })
  const refusal = assert.rejects(second.send({ ref: 'r' }), { code: 'cancelled' })
  controller.abort(new StackError('cancelled', 'cancelled'))
  await refusal
  await first.close()
  assert.equal((await openWrite(services.content).send({ ref: 'r' })).offset, 0n)
})

test('a writer forgets the announced digest and size when it refuses a commit for them', async (t) => {
  const { services } = await startDaemon(t)
  const [right, wrong] = [digestOf(Buffer.from('abc')), digestOf(Buffer.from('other'))]
  for (const mistake of [{ expected: wrong }, { total: 7n }]) {
    const first = openWrite(services.content)
    await first.send({ action: WriteAction.WRITE, ref: 'r', data: Buffer.from('ab') })
    await assert.rejects(first.send({ action: WriteAction.COMMIT, offset: 2n, ...mistake }), {
      code: 'failed-precondition',
    })
    await first.close()
    const { status } = await services.content.status({ ref: 'r' }, inTest)
    assert.deepEqual([status?.expected, status?.total], ['', 0n])
  }
  const second = openWrite(services.content)
  await second.send({ ref: 'r' })
  const commit = { action: WriteAction.COMMIT, offset: 2n, data: Buffer.from('c'), expected: right, total: 3n }
  assert.equal((await second.send(commit)).digest, right)
})

test('a later message says better what is expected, and a blob that is there ends the stream', async (t) => {
  const daemon = await startDaemon(t)
  const { content } = daemon.services
  const known = await addBlob(daemon, Buffer.from('known'))
  const expected = digestOf(Buffer.from('abc'))
  const first = openWrite(content)
  await first.send({ ref: 'r', expected: digestOf(Buffer.from('other')), total: 99n })
  await first.send({ action: WriteAction.WRITE, data: Buffer.from('abc'), expected, total: 3n })
  assert.equal((await first.send({ action: WriteAction.COMMIT, offset: 3n })).digest, expected)
  const second = openWrite(content)
  await second.send({ action: WriteAction.WRITE, ref: 's', data: Buffer.from('half') })
  await assert.rejects(second.send({ action: WriteAction.STAT, expected: known }), { code: 'already-exists' })
  await second.close()
  await assert.rejects(content.status({ ref: 's' }, inTest), { code: 'not-found' })
})

test('an ingest of nothing has the digest of nothing', async (t) => {
  const { services } = await startDaemon(t)
  const stream = openWrite(services.content)
  assert.equal((await stream.send({ action: WriteAction.STAT, ref: 'r' })).digest, digestOf(Buffer.from('')))
})

test('a label makes a namespace that is not there, its removal does not', async (t) => {
  const { namespaces } = (await startDaemon(t)).services
  const names = async () => (await namespaces.list({ filter: '' })).namespaces.map(({ name }) => name)
  await namespaces.update({ namespace: { name: 'new', labels: {} }, updateMask: [] })
  assert.deepEqual(await names(), [])
  const labelled = { namespace: { name: 'new', labels: { a: 'b' } }, updateMask: ['labels.a'] }
  assert.deepEqual({ ...(await namespaces.update(labelled)).namespace?.labels }, { a: 'b' })
  assert.deepEqual(await names(), ['new'])
  await assert.rejects(namespaces.update({ namespace: { name: '../x', labels: { a: 'b' } }, updateMask: [] }), {
    code: 'invalid-argument',
  })
})

test('data at offset 0 starts again', async (t) => {
  const { services } = await startDaemon(t)
  const stream = openWrite(services.content)
  await stream.send({ action: WriteAction.WRITE, ref: 'r', data: Buffer.from('wrong') })
  assert.equal((await stream.send({ action: WriteAction.WRITE, data: Buffer.from('ok') })).offset, 2n)
  assert.equal((await stream.send({ action: WriteAction.COMMIT })).digest, digestOf(Buffer.from('ok')))
})

test('a blob that is there is already-exists, and its ingest is gone', async (t) => {
  const daemon = await startDaemon(t)
  const digest = await addBlob(daemon, Buffer.from('x'))
  await assert.rejects(openWrite(daemon.services.content).send({ ref: 'r', expected: digest }), {
    code: 'already-exists',
  })
  const late = openWrite(daemon.services.content)
  await late.send({ ref: 'r' })
  await assert.rejects(late.send({ action: WriteAction.COMMIT, data: Buffer.from('x') }), { code: 'already-exists' })
  assert.deepEqual(await readdir(join(daemon.folder, ingestFolder)), [])
})

test('another namespace gets a blob by its digest, but sees it only then', async (t) => {
  const daemon = await startDaemon(t)
  const { content } = daemon.services
  const digest = await addBlob(daemon, Buffer.from('shared'))
  const other = inNamespace('other')
  await assert.rejects(content.info({ digest }, other), { code: 'not-found' })
  const nothing = async function* (): AsyncGenerator<Uint8Array> {}
  const result = await writeBlob(
    content,
    { ref: 'r', expected: digest, size: 6n, labels: { l: '1' } },
    () => nothing(),
    other,
  )
  assert.deepEqual(result, { digest, existed: false })
  assert.deepEqual({ ...(await content.info({ digest }, other)).info?.labels }, { l: '1' })
  await content.delete({ digest }, inTest)
  assert.equal(Buffer.from(await readSmallBlob(content, digest, other)).toString(), 'shared')
})

test('a restart keeps blobs and ingests, and removes what nothing knows of', async (t) => {
  const daemon = await startDaemon(t)
  const digest = await addBlob(daemon, Buffer.from('kept'))
  const stream = openWrite(daemon.services.content)
  await stream.send({ action: WriteAction.WRITE, ref: 'half', data: Buffer.from('ha') })
  await stream.close()
  const orphan = join(daemon.folder, blobFolder, 'f'.repeat(64))
  await writeFile(orphan, 'x')
  await writeFile(join(daemon.folder, ingestFolder, 'orphan'), 'x')
  const { services } = await daemon.restart()
  assert.equal(Buffer.from(await readSmallBlob(services.content, digest, inTest)).toString(), 'kept')
  await assert.rejects(stat(orphan))
  assert.equal((await readdir(join(daemon.folder, ingestFolder))).length, 1)
  const resumed = openWrite(services.content)
  assert.equal((await resumed.send({ ref: 'half' })).offset, 2n)
  const last = await resumed.send({ action: WriteAction.COMMIT, offset: 2n, data: Buffer.from('lf') })
  assert.equal(last.digest, digestOf(Buffer.from('half')))
})

test('calls without a namespace are refused by every namespaced service', async (t) => {
  const { services } = await startDaemon(t)
  const refusal = { code: 'failed-precondition', message: /namespace is required/ }
  await assert.rejects(services.content.info({ digest: digestOf(Buffer.from('')) }), refusal)
  await assert.rejects(services.images.list({ filters: [] }), refusal)
  await assert.rejects(services.containers.list({ filters: [] }), refusal)
  await assert.rejects(services.tasks.list({ filter: '' }), refusal)
  await assert.rejects(services.leases.list({ filters: [] }), refusal)
  await assert.rejects(services.snapshots.stat({ snapshotter: 'native', key: 'x' }), refusal)
  await assert.rejects(services.images.list({ filters: [] }, inNamespace('..')), { code: 'invalid-argument' })
})
