// SPDX-License-Identifier: Apache-2.0
// Uploads that do not go as they should.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { createRegistryClient } from '@teu/image-registry/client'
import { createRegistry } from '@teu/image-registry/server'
import { digestOf } from '@teu/oci-spec/image'
import { refuse, scriptedRegistry } from './scripted-registry.ts'

const content = randomBytes(200_000)
const blob = { mediaType: 'application/octet-stream', digest: digestOf(content), size: content.byteLength }
const quick = { retryDelayMs: 1, stallTimeoutMs: 300, answerTimeoutMs: 900 }
const whole = async function* (offset: number) {
  yield content.subarray(offset)
}

test('an upload that the registry has lost begins anew', async () => {
  let begun = 0
  let received = Buffer.alloc(0)
  await using registry = await scriptedRegistry(async (request, response) => {
    if (request.method === 'HEAD') return refuse(response, 404, 'BLOB_UNKNOWN')
    const location = `/v2/a/blobs/uploads/${begun}`
    if (request.method === 'POST') return response.writeHead(202, { location: `/v2/a/blobs/uploads/${++begun}` }).end()
    if (request.method === 'GET') return refuse(response, 404, 'BLOB_UPLOAD_UNKNOWN')
    if (request.method === 'PATCH' && begun === 1) return request.once('data', () => request.socket.destroy())
    for await (const chunk of request) received = Buffer.concat([received, chunk])
    return response.writeHead(request.method === 'PUT' ? 201 : 202, { location }).end()
  })
  await using client = createRegistryClient(quick)
  const at = { registry: registry.address, repository: 'a' }
  assert.deepEqual(await client.pushBlob(at, blob, whole), { kind: 'sent' })
  assert.deepEqual([begun, received.equals(content)], [2, true])
  assert.match(registry.log().at(-1) ?? '', /^PUT \/v2\/a\/blobs\/uploads\/2\?digest=/)
})

test('an upload that cannot come to its end is given up at the registry', async () => {
  await using registry = await scriptedRegistry(async (request, response) => {
    if (request.method === 'HEAD') return refuse(response, 404, 'BLOB_UNKNOWN')
    if (request.method === 'DELETE') return response.writeHead(204).end()
    if (request.method === 'PATCH') return refuse(response, 403, 'DENIED')
    return response.writeHead(202, { location: '/v2/a/blobs/uploads/1' }).end()
  })
  await using client = createRegistryClient(quick)
  const at = { registry: registry.address, repository: 'a' }
  await assert.rejects(client.pushBlob(at, blob, whole), { code: 'permission-denied' })
  assert.equal(registry.log().at(-1), 'DELETE /v2/a/blobs/uploads/1')
})

test('parts are as long as the registry wants, also of an upload that was to be a mount', async () => {
  const seen: (string | undefined)[] = []
  await using registry = await scriptedRegistry(async (request, response) => {
    if (request.method === 'HEAD') return refuse(response, 404, 'BLOB_UNKNOWN')
    if (request.method === 'PATCH') seen.push(request.headers['content-range'])
    for await (const _ of request);
    const headers = { location: '/v2/a/blobs/uploads/1', 'oci-chunk-min-length': '150000' }
    return response.writeHead(request.method === 'PUT' ? 201 : 202, headers).end()
  })
  await using client = createRegistryClient(quick)
  const at = { registry: registry.address, repository: 'a' }
  await client.pushBlob(at, blob, whole, { chunkSize: 100_000, mountFrom: ['b'] })
  assert.deepEqual(seen, ['0-149999', '150000-199999'])
})

test('what the source, or who watches, fails with ends a push, and is not taken for a broken connection', async () => {
  await using registry = await createRegistry()
  await using client = createRegistryClient(quick)
  const at = { registry: registry.address, repository: 'a' }
  const mine = new Error('the layer is not there')
  let opened = 0
  const failing = async function* () {
    opened++
    yield content.subarray(0, 1000)
    throw mine
  }
  const onProgress = () => {
    throw mine
  }
  const same = (error: unknown) => error === mine
  await assert.rejects(client.pushBlob(at, blob, failing), same)
  assert.equal(opened, 1)
  await assert.rejects(client.pushBlob(at, blob, whole, { onProgress }), same)
  assert.deepEqual(registry.store.context.index.uploads.stale(Number.POSITIVE_INFINITY), [])
  await client.pushBlob(at, blob, whole)
  await assert.rejects(Array.fromAsync(client.pullBlob(at, blob, { onProgress })), same)
})
