// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRegistryClient } from '@teu/image-registry/client'
import { createRegistry, type Fault, type Registry } from '@teu/image-registry/server'
import { digestOf, mediaTypes } from '@teu/oci-spec/image'
import { expectStatus, manifestOf, pushBlob, pushImage } from './sample-content.ts'

const layer = Buffer.alloc(600_000, 'layer of a test ')

/** A registry with an image, whose faults are those given, from then on. */
async function faulty(...faults: Fault[]): Promise<Registry & { blob: string }> {
  const list: Fault[] = []
  const registry = await createRegistry({ faults: list })
  await pushImage(registry.url, 'a', 'v1', layer)
  list.push(...faults)
  return Object.assign(registry, { blob: `${registry.url}/v2/a/blobs/${digestOf(layer)}` })
}

/** What comes of a body before it breaks off. */
async function received(response: Response): Promise<{ bytes: Buffer; isWhole: boolean }> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of response.body ?? []) chunks.push(chunk)
    return { bytes: Buffer.concat(chunks), isWhole: true }
  } catch {
    return { bytes: Buffer.concat(chunks), isWhole: false }
  }
}

test('a status, with a body and a header that clients read, so many times as it was said', async () => {
  const struck: string[] = []
  await using registry = await faulty({
    do: 'status',
    status: 429,
    retryAfter: 7,
    on: { kind: ['blob', 'tags'], method: 'GET' },
    after: 1,
    times: 2,
    onStrike: ({ path }) => struck.push(path),
  })
  await (await expectStatus(fetch(registry.blob), 200)).arrayBuffer()
  await expectStatus(fetch(registry.blob, { method: 'HEAD' }), 200)
  const answer = await expectStatus(fetch(registry.blob), 429)
  assert.equal(answer.headers.get('retry-after'), '7')
  assert.equal(((await answer.json()) as { errors: { code: string }[] }).errors[0]?.code, 'TOOMANYREQUESTS')
  await expectStatus(fetch(`${registry.url}/v2/a/tags/list`), 429)
  await (await expectStatus(fetch(registry.blob), 200)).arrayBuffer()
  assert.equal(struck.length, 2)
})

test('an answer breaks off at the byte that was said', async () => {
  for (const atByte of [1, 100_000, 599_999]) {
    await using registry = await faulty({ do: 'drop', atByte, on: { kind: 'blob' } })
    const { bytes, isWhole } = await received(await fetch(registry.blob))
    assert.deepEqual([isWhole, bytes.byteLength], [false, atByte])
    assert.ok(bytes.equals(layer.subarray(0, atByte)))
    assert.ok((await received(await fetch(registry.blob))).bytes.equals(layer))
  }
  await using registry = await faulty({ do: 'drop', atByte: 0 })
  await assert.rejects(fetch(registry.blob))
  await expectStatus(fetch(registry.blob, { method: 'HEAD' }), 200)
})

test('a request breaks off, and what came of it before is kept', async () => {
  await using registry = await faulty({ do: 'drop-request', atByte: 150_000, on: { method: 'PATCH' } })
  const opened = await expectStatus(fetch(`${registry.url}/v2/a/blobs/uploads/`, { method: 'POST' }), 202)
  const location = `${registry.url}${opened.headers.get('location')}`
  await assert.rejects(fetch(location, { method: 'PATCH', body: Buffer.alloc(500_000, 'x') }))
  const status = await expectStatus(fetch(location), 204)
  assert.equal(status.headers.get('range'), '0-149999')
})

test('a connection stalls, until somebody has had enough, and does not keep the registry from closing', async () => {
  const registry = await faulty(
    { do: 'stall', atByte: 1000, on: { kind: 'blob' }, times: 2 },
    { do: 'stall-request', atByte: 10, on: { method: 'PATCH' } },
  )
  const aborting = new AbortController()
  const answer = await fetch(registry.blob, { signal: aborting.signal })
  const reading = received(answer)
  setTimeout(() => aborting.abort(), 100)
  assert.deepEqual((await reading).bytes.byteLength, 1000)
  const stuck = [received(await fetch(registry.blob))]
  const opened = await expectStatus(fetch(`${registry.url}/v2/a/blobs/uploads/`, { method: 'POST' }), 202)
  const patch = fetch(`${registry.url}${opened.headers.get('location')}`, {
    method: 'PATCH',
    body: 'more than ten bytes',
  })
  await Promise.all([assert.rejects(patch), registry.close(100), ...stuck])
})

test('an answer that stalls before its head does not come, with or without a body, and what was asked for is done', async () => {
  const stall: Fault = { do: 'stall', atByte: 0, on: { path: /at=stall/ }, times: 3 }
  await using registry = await faulty(stall)
  const stop = new AbortController()
  let answered = 0
  const send = (place: string, init: RequestInit) =>
    fetch(`${registry.url}/v2/${place}at=stall`, { ...init, signal: stop.signal }).then(
      () => answered++,
      () => {},
    )
  const digest = digestOf('content')
  const waiting = [
    send(`a/blobs/${digestOf(layer)}?`, {}),
    send(`a/blobs/${digestOf(layer)}?`, { method: 'HEAD' }),
    send(`b/blobs/uploads/?digest=${digest}&`, { method: 'POST', body: 'content' }),
  ]
  const isThere = async () => (await fetch(`${registry.url}/v2/b/blobs/${digest}`, { method: 'HEAD' })).ok
  while (!(await isThere())) await sleep(10)
  for (let i = 0; i < 10; i++) await (await expectStatus(fetch(registry.blob), 200)).arrayBuffer()
  assert.equal(answered, 0)
  stop.abort()
  await Promise.all(waiting)
})

test('a slow registry, a late one, one with a wrong bit and one that knows no ranges', async () => {
  await using registry = await faulty(
    { do: 'slow', bytesPerSecond: 3_000_000, on: { kind: 'blob' } },
    { do: 'delay', ms: 150, on: { kind: 'tags' } },
    { do: 'corrupt', atByte: 5, on: { kind: 'blob' }, after: 1 },
    { do: 'ignore-range', on: { kind: 'blob' }, after: 2 },
  )
  const timed = async (work: () => Promise<unknown>) => {
    const start = performance.now()
    await work()
    return performance.now() - start
  }
  assert.ok((await timed(async () => assert.ok((await received(await fetch(registry.blob))).isWhole))) > 150)
  assert.ok((await timed(() => fetch(`${registry.url}/v2/a/tags/list`))) > 145)
  const { bytes } = await received(await fetch(registry.blob))
  assert.equal(bytes.byteLength, layer.byteLength)
  assert.notEqual(digestOf(bytes), digestOf(layer))
  const ranged = () => fetch(registry.blob, { headers: { range: 'bytes=5-9' } })
  assert.equal((await received(await expectStatus(ranged(), 200))).bytes.byteLength, layer.byteLength)
  assert.equal((await received(await expectStatus(ranged(), 206))).bytes.byteLength, 5)
})

test('our client pulls and pushes through a registry that breaks off', async () => {
  await using registry = await faulty(
    { do: 'drop', atByte: 50_000, on: { kind: 'blob', method: 'GET' }, times: 2 },
    { do: 'status', status: 503, on: { kind: 'manifest', method: ['GET', 'HEAD'] } },
    { do: 'drop-request', atByte: 100_000, on: { kind: 'upload', method: ['PATCH', 'PUT'] } },
  )
  await using client = createRegistryClient()
  const pulled = new Map<string, Buffer>()
  const { root } = await client.pull(
    { registry: registry.address, repository: 'a', tag: 'v1' },
    {
      has: async () => false,
      write: async ({ digest }, open) =>
        void pulled.set(digest, Buffer.concat(await Array.fromAsync(open(), (chunk) => Buffer.from(chunk)))),
    },
  )
  assert.ok(pulled.get(digestOf(layer))?.equals(layer))
  const other = Buffer.alloc(700_000, 'another layer')
  const config = pulled.get(JSON.parse((pulled.get(root.digest) as Buffer).toString()).config.digest) as Buffer
  const body = manifestOf(config, [other])
  const contents = new Map([body, config, other].map((bytes) => [digestOf(bytes) as string, bytes]))
  await client.push(
    { registry: registry.address, repository: 'b', tag: 'v2' },
    { mediaType: mediaTypes.ociManifest, digest: digestOf(body), size: body.byteLength },
    {
      async *open({ digest }, { offset = 0 }) {
        yield (contents.get(digest) as Buffer).subarray(offset)
      },
    },
  )
  await pushBlob(registry.url, 'b', other)
  await expectStatus(fetch(`${registry.url}/v2/b/manifests/v2`), 200)
})
