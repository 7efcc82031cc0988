// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { checkStore, createRegistry, s3Storage } from '@teu/image-registry/server'
import { digestOf } from '@teu/oci-spec/image'
import { tree } from '../src/storage/tree.ts'
import { type FakeS3, type FakeS3Options, startFakeS3 } from './fake-s3/fake-s3.ts'
import { expectStatus, pushBlob, pushImage } from './sample-content.ts'
import { storageSuite } from './storage-suite.ts'

const storageOf = ({ endpoint, bucket, credentials }: FakeS3, prefix = 'some/prefix') =>
  s3Storage({ endpoint, bucket, credentials, prefix, attempts: 6 })

async function withService(options: FakeS3Options, work: (service: FakeS3) => Promise<void>): Promise<void> {
  await using service = await startFakeS3(options)
  await work(service)
  assert.equal(service.uploads.size, 0, 'a multipart upload was left behind')
}

storageSuite(test, 'bucket', (body) =>
  withService({ pageSize: 7 }, async (service) => {
    await using storage = storageOf(service)
    await body(storage)
    for (const key of service.objects.keys()) assert.ok(key.startsWith('some/prefix/'))
  }),
)

storageSuite(test, 'bucket of a service that fails now and then', (body) =>
  withService({ failEvery: 9 }, async (service) => {
    await using storage = storageOf(service, '')
    await body(storage)
  }),
)

test('a long upload in parts of all lengths goes through a bucket, a restart in its middle', () =>
  withService({}, async (service) => {
    const content = randomBytes(31_000_000)
    const digest = digestOf(content)
    let location = ''
    const patch = async (url: string, start: number, end: number) => {
      const headers = { 'content-range': `${start}-${end - 1}` }
      await expectStatus(
        fetch(`${url}${location}`, { method: 'PATCH', headers, body: content.subarray(start, end) }),
        202,
      )
    }
    {
      await using storage = storageOf(service)
      await using registry = await createRegistry({ storage })
      const opened = await expectStatus(fetch(`${registry.url}/v2/a/blobs/uploads/`, { method: 'POST' }), 202)
      location = opened.headers.get('location') as string
      for (const [start, end] of [
        [0, 3],
        [3, 20_000_000],
        [20_000_000, 20_000_100],
      ] as const)
        await patch(registry.url, start, end)
    }
    await using storage = storageOf(service)
    await using registry = await createRegistry({ storage })
    const status = await expectStatus(fetch(`${registry.url}${location}`), 204)
    assert.equal(status.headers.get('range'), '0-20000099')
    await patch(registry.url, 20_000_100, content.byteLength)
    await expectStatus(fetch(`${registry.url}${location}?digest=${digest}`, { method: 'PUT' }), 201)
    assert.ok(service.objects.get(`some/prefix/${tree.blob(digest)}`)?.content.equals(content))
    assert.ok(service.log.some((line) => line === 'PUT partNumber,uploadId'))
    assert.deepEqual(
      [...service.objects.keys()].filter((key) => key.includes('growing') || key.includes('_uploads')),
      [],
    )
    const answer = await expectStatus(
      fetch(`${registry.url}/v2/a/blobs/${digest}`, { headers: { range: 'bytes=19999990-20000109' } }),
      206,
    )
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), content.subarray(19_999_990, 20_000_110))
    assert.deepEqual((await checkStore(registry.store)).findings, [])
  }))

test('garbage is collected from a bucket, and multipart uploads that a crash left are given up', () =>
  withService({ pageSize: 10 }, async (service) => {
    service.uploads.set('left', { key: `some/prefix/${tree.blobs}/x`, parts: new Map() })
    await using storage = storageOf(service)
    await using registry = await createRegistry({ storage })
    for (let index = 0; index < 12; index++) await pushBlob(registry.url, 'a', Buffer.from(`blob ${index}`))
    const manifest = await pushImage(registry.url, 'b', 'v1', Buffer.from('layer'))
    const result = await registry.collectGarbage({ olderThanMs: -1000 })
    assert.deepEqual([result.blobs, result.links, result.repositories], [12, 12, 1])
    assert.ok([...service.objects.keys()].every((key) => !key.includes('/repositories/a/')))
    await expectStatus(fetch(`${registry.url}/v2/b/manifests/${manifest}`), 200)
    assert.deepEqual((await checkStore(registry.store)).findings, [])
  }))

test('a service that is not there, or refuses, is an error with a name', async () => {
  const init = { bucket: 'registry', attempts: 1, credentials: { accessKeyId: 'x', secretAccessKey: 'y' } }
  await using none = s3Storage({ ...init, endpoint: 'http://127.0.0.1:1' })
  await assert.rejects(none.read('a'), { code: 'unavailable' })
  await withService({}, async ({ endpoint }) => {
    await using storage = s3Storage({ ...init, endpoint })
    await assert.rejects(storage.read('a'), { code: 'permission-denied', message: /InvalidAccessKeyId/ })
    await assert.rejects(createRegistry({ storage }), { code: 'permission-denied' })
  })
  assert.throws(() => s3Storage({ ...init, partSize: 1 }), { code: 'invalid-argument' })
})
