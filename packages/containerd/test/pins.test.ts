// SPDX-License-Identifier: Apache-2.0
// A collection takes no file from a call that has found it and not recorded it yet.
import assert from 'node:assert/strict'
import { access, readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { inNamespace, readSmallBlob, WriteAction, type WriteContentRequest } from '@teu/containerd-api'
import { makeFifo } from '@teu/linux'
import type { Digest } from '@teu/oci-spec/image'
import { ContentLayout } from '../src/content/content-layout.ts'
import { ContentRecords } from '../src/content/content-records.ts'
import { ContentStore } from '../src/content/content-store.ts'
import { IngestRecords } from '../src/content/ingest-records.ts'
import { MetadataDatabase } from '../src/metadata/database.ts'
import { LeaseStore } from '../src/metadata/leases.ts'
import { NamespaceStore } from '../src/metadata/namespaces.ts'
import { addBlob, digestOf, inTest, keep, layerOf, needsRoot, startDaemon } from './daemon.ts'

type Daemon = Awaited<ReturnType<typeof startDaemon>>

const bytes = Buffer.from('some bytes')
const digest = digestOf(bytes) as Digest
const message = (fields: Partial<WriteContentRequest>): WriteContentRequest => ({
  action: WriteAction.STAT,
  ref: '',
  total: 0n,
  expected: '',
  offset: 0n,
  data: Buffer.alloc(0),
  labels: {},
  ...fields,
})

/** Runs a collection, and returns when it is over. */
async function collect({ services: { leases } }: Daemon): Promise<void> {
  await leases.create({ id: 'passing', labels: {} }, inTest)
  await leases.delete({ id: 'passing', sync: true }, inTest)
}

const blobFile = ({ folder }: Daemon, of: string) =>
  join(folder, 'root/io.containerd.content.v1.content/blobs/sha256', of.slice('sha256:'.length))

test('a writer that attaches to the blob of another namespace keeps its file through a collection', async (t) => {
  const daemon = await startDaemon(t)
  const { content } = daemon.services
  await addBlob(daemon, bytes)
  const { promise: removed, resolve: proceed } = Promise.withResolvers<void>()
  const requests = async function* () {
    yield message({ ref: 'other', expected: digest, total: BigInt(bytes.length) })
    await removed
    yield message({ action: WriteAction.COMMIT, labels: keep, offset: BigInt(bytes.length) })
  }
  const inOther = inNamespace('other')
  const answers = content.write(requests(), inOther)[Symbol.asyncIterator]()
  assert.equal((await answers.next()).value?.offset, BigInt(bytes.length))
  await content.delete({ digest }, inTest)
  await collect(daemon)
  proceed()
  assert.equal((await answers.next()).value?.digest, digest)
  assert.deepEqual(await readSmallBlob(content, digest, inOther), bytes)
})

async function openStore(t: TestContext, folder: string, beforeRecord: () => Promise<unknown>) {
  const database = await MetadataDatabase.open(join(folder, 'meta.db'))
  t.after(() => database[Symbol.asyncDispose]())
  const hooked = Object.create(database, {
    write: {
      value: async (change: () => unknown) => {
        await beforeRecord()
        return database.write(change)
      },
    },
    run: { value: database.run.bind(database) },
    get: { value: database.get.bind(database) },
    all: { value: database.all.bind(database) },
    writeNow: { value: database.writeNow.bind(database) },
  }) as MetadataDatabase
  const namespaces = new NamespaceStore(hooked)
  const base = { database: hooked, namespaces, leases: new LeaseStore(hooked, namespaces) }
  const layout = new ContentLayout(join(folder, 'content'))
  await layout.prepare()
  const parts = { ...base, layout, records: new ContentRecords(base), ingests: new IngestRecords(base) }
  return new ContentStore(parts, 'shared')
}

test('a blob that is in its place and not recorded yet keeps its file', async (t) => {
  const { folder } = await startDaemon(t)
  const store: ContentStore = await openStore(t, folder, () => store.removeFile(digest))
  const init = { namespace: 'n', ref: 'r', expected: '', total: 0, lease: undefined, signal: undefined }
  const writer = await store.openWriter(init)
  await writer.write(0, bytes)
  await writer.commit({})
  await writer[Symbol.asyncDispose]()
  const { file } = await store.openBlob('n', digest)
  assert.deepEqual(await file.readFile(), bytes)
  await file.close()
})

test('a layer that waits for a worker keeps its file', needsRoot, async (t) => {
  const config = { plugins: { 'io.containerd.differ.v1.walking': { workers: 1 } } }
  const daemon = await startDaemon(t, { config })
  const { snapshots, diff, content } = daemon.services
  const apply = async (layer: Buffer, key: string) => {
    const { mounts } = await snapshots.prepare({ snapshotter: 'native', key, parent: '', labels: keep }, inTest)
    const mediaType = 'application/vnd.oci.image.layer.v1.tar'
    const descriptor = { mediaType, digest: digestOf(layer), size: BigInt(layer.length), annotations: {} }
    return diff.apply({ diff: descriptor, mounts, payloads: {}, syncFs: false }, inTest)
  }
  const [first, second] = ['first', 'second'].map((name) => layerOf({ name, data: name })) as [Buffer, Buffer]
  const slow = blobFile(daemon, await addBlob(daemon, first))
  await addBlob(daemon, second)
  // A pipe in the place of the first blob holds the only worker up until it is opened for writing.
  await rename(slow, `${slow}.kept`)
  makeFifo(slow, 0o600)
  const busy = apply(first, 'first')
  const waiting = apply(second, 'second')
  await new Promise((resolve) => setTimeout(resolve, 50))
  await content.delete({ digest: digestOf(second) }, inTest)
  await collect(daemon)
  // The test ignores the result of the first apply: the daemon cannot read a pipe at an offset.
  await Promise.allSettled([busy, writeFile(slow, first)])
  assert.equal((await waiting).applied?.digest, digestOf(second))
})

test('the file of a blob that a client deletes goes with the next collection', async (t) => {
  const daemon = await startDaemon(t)
  const file = blobFile(daemon, await addBlob(daemon, bytes))
  await access(file)
  await daemon.services.content.delete({ digest }, inTest)
  await collect(daemon)
  await assert.rejects(access(file), { code: 'ENOENT' })
})

test('a file under removal has left its place, and goes at the next start when the daemon was killed', async (t) => {
  const daemon = await startDaemon(t)
  const ingests = join(daemon.folder, 'root/io.containerd.content.v1.content/ingest')
  await writeFile(join(ingests, 'removed-0123456789abcdef'), bytes)
  await daemon.restart()
  assert.deepEqual(await readdir(ingests), [])
})
