// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { createRegistryClient, type PushEvent } from '@teu/image-registry/client'
import {
  appendLayer,
  buildProgramImage,
  emptyImage,
  type Image,
  layerFromEntries,
  openContent,
  pushSource,
} from '@teu/image-registry/image'
import { imagesFromLayout, layoutSource, openLayout, writeLayout } from '@teu/image-registry/layout'
import { createRegistry } from '@teu/image-registry/server'
import { digestOf, mediaTypes, parsePlatform } from '@teu/oci-spec/image'

async function temporary(): Promise<AsyncDisposable & { path: string }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-registry-'))
  return { path: directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
}

async function sampleImage(): Promise<Image> {
  const first = await layerFromEntries([{ path: 'a', content: Buffer.alloc(2_000_000, 'a') }])
  const second = await layerFromEntries([{ path: 'b', content: Buffer.from('b') }], { compression: 'none' })
  return appendLayer(appendLayer(emptyImage(), first), second)
}

for (const kind of ['memory', 'directory'] as const) {
  test(`an image goes to a registry in ${kind} and comes back`, async () => {
    await using directory = await temporary()
    await using registry = await createRegistry(kind === 'memory' ? {} : { storage: directory.path })
    await using client = createRegistryClient()
    const image = await sampleImage()
    const reference = { registry: registry.address, repository: 'team/app', tag: 'v1' }
    await client.push(reference, image.descriptor, pushSource(image))
    const pulled = new Map<string, Buffer>()
    const { root } = await client.pull(reference, {
      has: async ({ digest }) => pulled.has(digest),
      async write({ digest }, open) {
        pulled.set(digest, Buffer.concat(await Array.fromAsync(open())))
      },
    })
    assert.equal(root.digest, image.descriptor.digest)
    for (const [digest, bytes] of pulled) {
      assert.deepEqual(bytes, Buffer.concat(await Array.fromAsync(openContent(image, digest))))
    }
    assert.equal(pulled.size, 4)
    assert.deepEqual(await Array.fromAsync(client.listTags(reference)), ['v1'])
    assert.deepEqual(await Array.fromAsync(client.listRepositories(registry.address)), ['team/app'])
  })
}

test('a second push sends nothing, and another repository shares what is there', async () => {
  await using registry = await createRegistry()
  await using client = createRegistryClient()
  const image = await sampleImage()
  const push = async (repository: string, mountFrom: string[]) => {
    const outcomes: string[] = []
    const onEvent = (event: PushEvent) => void (event.type === 'completed' && outcomes.push(event.outcome.kind))
    const reference = { registry: registry.address, repository, tag: 'v1' }
    await client.push(reference, image.descriptor, pushSource(image), { mountFrom: () => mountFrom, onEvent })
    return outcomes
  }
  assert.deepEqual(await push('a', []), ['sent', 'sent', 'sent'])
  assert.deepEqual(await push('a', []), ['exists', 'exists', 'exists'])
  assert.deepEqual(await push('b', ['none', 'a']), ['mounted', 'mounted', 'mounted'])
})

test('a layout of two platforms is pushed as one index', async () => {
  await using directory = await temporary()
  await using registry = await createRegistry()
  await using client = createRegistryClient()
  const images = await Promise.all(
    ['linux/amd64', 'linux/arm64'].map((platform) =>
      buildProgramImage({ program: Buffer.from(platform), platform: parsePlatform(platform) }),
    ),
  )
  const entry = await writeLayout(directory.path, images, { name: 'hello' })
  const reference = { registry: registry.address, repository: 'hello', tag: 'latest' }
  const source = layoutSource(await openLayout(directory.path))
  await client.push(reference, entry, source)
  assert.equal((await client.resolve(reference)).digest, entry.digest)
  const { root, images: pulled } = await client.pull(
    reference,
    { has: async () => false, write: async (_, open) => void (await Array.fromAsync(open())) },
    { platform: 'all' },
  )
  assert.equal(root.mediaType, mediaTypes.ociIndex)
  const layout = await imagesFromLayout(directory.path, 'hello')
  assert.deepEqual(
    pulled.map(({ descriptor }) => descriptor.digest),
    layout.map(({ descriptor }) => descriptor.digest),
  )
})

test('what was stored is there after a restart, unfinished uploads included', async () => {
  await using directory = await temporary()
  const image = await sampleImage()
  const blob = Buffer.from('in two parts')
  let location = ''
  {
    await using registry = await createRegistry({ storage: directory.path })
    await using client = createRegistryClient()
    await client.push({ registry: registry.address, repository: 'a', tag: 'v1' }, image.descriptor, pushSource(image))
    const opened = await fetch(`${registry.url}/v2/a/blobs/uploads/`, { method: 'POST' })
    location = opened.headers.get('location') ?? ''
    await fetch(`${registry.url}${location}`, { method: 'PATCH', body: blob.subarray(0, 5) })
  }
  await using registry = await createRegistry({ storage: directory.path })
  await using client = createRegistryClient()
  assert.equal(
    (await client.resolve({ registry: registry.address, repository: 'a', tag: 'v1' })).digest,
    image.descriptor.digest,
  )
  const state = await fetch(`${registry.url}${location}`)
  assert.equal(state.headers.get('range'), '0-4')
  await fetch(`${registry.url}${location}`, {
    method: 'PATCH',
    body: blob.subarray(5),
    headers: { 'content-range': '5-11' },
  })
  const done = await fetch(`${registry.url}${location}?digest=${digestOf(blob)}`, { method: 'PUT' })
  assert.equal(done.status, 201)
  assert.ok(await client.hasBlob({ registry: registry.address, repository: 'a' }, digestOf(blob)))
})

test('a deleted tag leaves the manifest, a deleted manifest takes its tags', async () => {
  await using registry = await createRegistry()
  await using client = createRegistryClient()
  const image = await sampleImage()
  const at = { registry: registry.address, repository: 'a' }
  const { digest } = image.descriptor
  for (const tag of ['one', 'two', 'three']) await client.push({ ...at, tag }, image.descriptor, pushSource(image))
  await client.deleteManifest({ ...at, tag: 'one' })
  assert.deepEqual((await Array.fromAsync(client.listTags(at))).sort(), ['three', 'two'])
  assert.equal((await client.resolve({ ...at, digest })).digest, digest)
  await client.deleteManifest({ ...at, digest })
  assert.deepEqual(await Array.fromAsync(client.listTags(at)), [])
  await assert.rejects(client.resolve({ ...at, digest }), { code: 'not-found' })
  const [layer] = image.manifest.layers
  await client.deleteBlob(at, layer?.digest as typeof digest)
  assert.equal(await client.hasBlob(at, layer?.digest as typeof digest), false)
  await assert.rejects(client.deleteBlob(at, digestOf('none')), { code: 'not-found' })
})

test('referrers are listed from their push to their deletion', async () => {
  await using registry = await createRegistry()
  await using client = createRegistryClient()
  const image = await sampleImage()
  const at = { registry: registry.address, repository: 'a' }
  await client.push({ ...at, tag: 'v1' }, image.descriptor, pushSource(image))
  const { config } = image.manifest
  const signature = {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    artifactType: 'a/sig',
    config,
    layers: [],
    subject: image.descriptor,
  }
  const body = Buffer.from(JSON.stringify(signature))
  await client.pushManifest({ ...at, digest: digestOf(body) }, body, { mediaType: mediaTypes.ociManifest })
  const [found, ...more] = await client.listReferrers(at, image.descriptor.digest, { artifactType: 'a/sig' })
  assert.deepEqual(found, {
    mediaType: mediaTypes.ociManifest,
    digest: digestOf(body),
    size: body.byteLength,
    artifactType: 'a/sig',
  })
  assert.deepEqual(more, [])
  assert.deepEqual(await client.listReferrers(at, image.descriptor.digest, { artifactType: 'a/other' }), [])
  await client.deleteManifest({ ...at, digest: digestOf(body) })
  assert.deepEqual(await client.listReferrers(at, image.descriptor.digest), [])
})

test('garbage is collected while the registry serves', async () => {
  await using directory = await temporary()
  await using registry = await createRegistry({ storage: directory.path })
  await using client = createRegistryClient()
  const image = await sampleImage()
  const at = { registry: registry.address, repository: 'a' }
  await client.push({ ...at, tag: 'v1' }, image.descriptor, pushSource(image))
  await client.deleteManifest({ ...at, digest: image.descriptor.digest })
  assert.equal((await registry.collectGarbage()).blobs, 0)
  const olderThanMs = -1000
  assert.equal((await registry.collectGarbage({ olderThanMs })).blobs, 4)
  await client.push({ ...at, tag: 'v2' }, image.descriptor, pushSource(image))
  assert.equal((await registry.collectGarbage({ olderThanMs })).blobs, 0)
  assert.equal((await client.resolve({ ...at, tag: 'v2' })).digest, image.descriptor.digest)
})

test('a registry that closes lets go of clients that do not', async () => {
  const registry = await createRegistry()
  const idle = await fetch(`${registry.url}/v2/`)
  await idle.body?.cancel()
  const stuck = fetch(`${registry.url}/v2/a/blobs/uploads/`, {
    method: 'POST',
    body: new ReadableStream({ pull: () => new Promise(() => {}) }),
    duplex: 'half',
  } as RequestInit).catch(() => 'gone')
  await registry.close(50)
  await stuck
  await assert.rejects(fetch(`${registry.url}/v2/`))
})

test('an address that is none, or taken, is an error', async () => {
  for (const listen of ['', 'x', '127.0.0.1', '::1:5', '127.0.0.1:x']) {
    await assert.rejects(createRegistry({ listen }), { code: 'invalid-argument' }, listen)
  }
  await using registry = await createRegistry()
  await assert.rejects(createRegistry({ listen: registry.address }), { code: 'unavailable', message: /EADDRINUSE/ })
})
