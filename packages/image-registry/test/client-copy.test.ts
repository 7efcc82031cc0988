// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { type CopyEvent, createRegistryClient } from '@teu/image-registry/client'
import {
  appendLayer,
  blobFromBytes,
  contentFromRegistry,
  emptyImage,
  imageFromRegistry,
  layerFromEntries,
  makeArtifact,
  makeIndex,
  pushCompressed,
  pushSource,
  recompressLayer,
  validateContent,
  validateImage,
} from '@teu/image-registry/image'
import { createRegistry, type Registry } from '@teu/image-registry/server'
import { referrersTag } from '@teu/oci-spec/distribution'
import { digestOf, mediaTypes, parsePlatform } from '@teu/oci-spec/image'
import { refuse, scriptedRegistry } from './scripted-registry.ts'

const build = async (name: string, platform: string) =>
  appendLayer(
    emptyImage(parsePlatform(platform)),
    await layerFromEntries([{ path: name, content: randomBytes(3000) }]),
    { created_by: name },
  )
const index = makeIndex([await build('a', 'linux/amd64'), await build('b', 'linux/arm64')])
const [amd64, arm64] = index.entries
const at = ({ address }: { address: string }, repository: string, tag = 'v1') => ({
  registry: address,
  repository,
  tag,
})

async function filled(init = {}): Promise<Registry> {
  const registry = await createRegistry(init)
  await using client = createRegistryClient()
  await client.push(at(registry, 'team/app'), index.descriptor, pushSource(index))
  return registry
}

test('an index goes to another registry byte for byte, and at the second time not at all', async () => {
  await using source = await filled()
  await using target = await createRegistry()
  await using client = createRegistryClient()
  const events: CopyEvent[] = []
  const copying = client.copy(at(source, 'team/app'), at(target, 'copy'))
  for await (const event of copying) events.push(event)
  assert.deepEqual(await copying, { descriptor: await client.resolve(at(target, 'copy')), referrers: [] })
  await validateContent(await contentFromRegistry(client, at(target, 'copy')))
  assert.equal(events[0]?.type, 'resolved')
  assert.equal(events.filter(({ type }) => type === 'planned').length, 4)
  assert.equal(events.filter((event) => event.type === 'completed' && event.outcome.kind === 'sent').length, 4)
  const again = await Array.fromAsync(client.copy(at(source, 'team/app'), at(target, 'copy')))
  assert.deepEqual(
    again.map(({ type }) => type),
    ['resolved', 'exists'],
  )
})

test('blobs are shared between repositories of one registry', async () => {
  await using registry = await filled()
  await using client = createRegistryClient()
  const outcomes: string[] = []
  const onEvent = (event: CopyEvent) => void (event.type === 'completed' && outcomes.push(event.outcome.kind))
  await client.copy(at(registry, 'team/app'), at(registry, 'other'), { onEvent })
  assert.deepEqual(outcomes, ['mounted', 'mounted', 'mounted', 'mounted'])
})

test('one platform is copied on its own', async () => {
  await using source = await filled()
  await using target = await createRegistry()
  await using client = createRegistryClient()
  const platform = parsePlatform('linux/arm64')
  const { descriptor } = await client.copy(at(source, 'team/app'), at(target, 'arm'), { platform })
  assert.equal(descriptor.digest, arm64?.descriptor.digest)
  await validateImage(await imageFromRegistry(client, at(target, 'arm'), { platform }))
  await assert.rejects(
    client.hasBlob({ registry: target.address, repository: 'arm' }, digestOf('x')).then((has) => assert.ok(has)),
  )
  const missing = client.copy(at(source, 'team/app'), at(target, 'x'), { platform: parsePlatform('linux/s390x') })
  await assert.rejects(missing, { code: 'not-found' })
  const wrong = { registry: target.address, repository: 'x', digest: digestOf('other') }
  await assert.rejects(client.copy(at(source, 'team/app'), wrong), { code: 'invalid-argument' })
})

test('signatures of signatures go along when they are asked for', async () => {
  await using source = await filled()
  await using target = await createRegistry()
  await using client = createRegistryClient()
  const { registry, repository } = at(source, 'team/app')
  const sign = async (subject: typeof index.descriptor, text: string) => {
    const blobs = [blobFromBytes(Buffer.from(text), 'text/plain')]
    const artifact = makeArtifact({ artifactType: 'application/x.signature', blobs, subject })
    await client.push(
      { registry, repository, digest: artifact.descriptor.digest },
      artifact.descriptor,
      pushSource(artifact),
    )
    return artifact
  }
  const first = await sign(index.descriptor, 'one')
  const second = await sign(first.descriptor, 'two')
  const { referrers } = await client.copy(at(source, 'team/app'), at(target, 'copy'), { referrers: true })
  assert.deepEqual(
    referrers.map(({ digest }) => digest),
    [first.descriptor.digest, second.descriptor.digest],
  )
  const [found] = await client.listReferrers(at(target, 'copy'), index.descriptor.digest)
  assert.equal(found?.artifactType, 'application/x.signature')
})

test('a copy ends when it is told to', async () => {
  await using source = await filled()
  await using client = createRegistryClient()
  await using target = await scriptedRegistry((request, response) => {
    if (request.method === 'HEAD') return refuse(response, 404, 'BLOB_UNKNOWN')
    request.resume()
  })
  const abort = new AbortController()
  const copying = client.copy(at(source, 'team/app'), at(target, 'x'), { signal: abort.signal })
  setTimeout(() => abort.abort(), 100)
  await assert.rejects(copying, { code: 'cancelled' })
})

test('content is sent while it is made', async () => {
  await using registry = await createRegistry()
  await using client = createRegistryClient()
  const content = randomBytes(700_000)
  const sent: number[] = []
  const descriptor = await client.pushStream(
    at(registry, 'a'),
    async function* () {
      for (let i = 0; i < content.length; i += 50_000) yield content.subarray(i, i + 50_000)
    },
    { mediaType: 'x/y', onProgress: (bytes) => sent.push(bytes) },
  )
  assert.deepEqual(descriptor, { mediaType: 'x/y', digest: digestOf(content), size: content.length })
  assert.deepEqual(Buffer.concat(await Array.fromAsync(client.pullBlob(at(registry, 'a'), descriptor))), content)
  assert.equal(sent.at(-1), content.length)
  const failing = client.pushStream(at(registry, 'a'), async function* () {
    yield content
    throw new RangeError('of the source')
  })
  await assert.rejects(failing, RangeError)
})

test('a stream that breaks off is sent anew', async () => {
  let received = Buffer.alloc(0)
  let opened = 0
  const location = '/v2/a/blobs/uploads/1'
  await using registry = await scriptedRegistry(async (request, response, count) => {
    if (request.method === 'DELETE') return response.writeHead(204).end()
    if (request.method === 'POST') received = Buffer.alloc(0)
    for await (const chunk of request) {
      received = Buffer.concat([received, chunk])
      if (request.method === 'PATCH' && count === 0) return request.socket.destroy()
    }
    response.writeHead(request.method === 'PUT' ? 201 : 202, { location }).end()
  })
  await using client = createRegistryClient({ retryDelayMs: 1 })
  const content = randomBytes(300_000)
  const descriptor = await client.pushStream(at(registry, 'a'), async function* () {
    opened++
    yield content.subarray(0, 100_000)
    yield content.subarray(100_000)
  })
  assert.equal(opened, 2)
  assert.deepEqual(received, content)
  assert.equal(descriptor.digest, digestOf(content))
})

test('a blob is sent in parts that are no smaller than the registry wants, and no larger than asked for', async () => {
  const content = randomBytes(1000)
  const blob = { mediaType: 'x/y', digest: digestOf(content), size: content.length }
  for (const [chunkSize, least, ranges] of [
    [300, undefined, ['0-299', '300-599', '600-899', '900-999']],
    [300, '400', ['0-399', '400-799', '800-999']],
    [5000, undefined, [undefined]],
  ] as const) {
    let received = Buffer.alloc(0)
    const location = '/v2/a/blobs/uploads/1'
    const seen: (string | undefined)[] = []
    await using registry = await scriptedRegistry(async (request, response) => {
      if (request.method === 'HEAD') return refuse(response, 404, 'BLOB_UNKNOWN')
      if (request.method === 'PATCH') seen.push(request.headers['content-range'])
      for await (const chunk of request) received = Buffer.concat([received, chunk])
      const status = request.method === 'PUT' ? 201 : 202
      response.writeHead(status, { location, ...(least && { 'oci-chunk-min-length': least }) }).end()
    })
    await using client = createRegistryClient()
    await client.pushBlob(
      at(registry, 'a'),
      blob,
      async function* (offset) {
        for (let i = offset; i < content.length; i += 77) yield content.subarray(i, i + 77)
      },
      { chunkSize },
    )
    assert.deepEqual(received, content)
    assert.deepEqual(seen, ranges)
  }
  await using client = createRegistryClient()
  await using registry = await createRegistry()
  const open = async function* () {
    yield content
  }
  await assert.rejects(client.pushBlob(at(registry, 'a'), blob, open, { chunkSize: 0 }), { code: 'invalid-argument' })
  await client.pushBlob(at(registry, 'a'), blob, open, { chunkSize: 100 })
  assert.ok(await client.hasBlob(at(registry, 'a'), blob.digest))
})

test('plain layers are compressed on their way, and the image keeps its id', async () => {
  await using registry = await createRegistry()
  await using client = createRegistryClient()
  assert.ok(amd64?.kind === 'image')
  const [layer] = amd64.layers
  assert.ok(layer)
  const plain = await recompressLayer(layer, { compression: 'none' })
  const image = appendLayer(appendLayer(emptyImage(), plain), await recompressLayer(layer, { compression: 'zstd' }))
  const events: string[] = []
  const pushing = pushCompressed(client, at(registry, 'a'), image, { level: 9 })
  for await (const event of pushing) events.push(event.type)
  const descriptor = await pushing
  const pushed = await imageFromRegistry(client, at(registry, 'a'))
  await validateImage(pushed)
  assert.equal(pushed.descriptor.digest, descriptor.digest)
  assert.deepEqual(pushed.configBytes, Buffer.from(image.configBytes))
  assert.deepEqual(
    pushed.layers.map((one) => one.descriptor.mediaType),
    [mediaTypes.ociLayerGzip, mediaTypes.ociLayerZstd],
  )
  assert.equal(events.filter((type) => type === 'completed').length, 3)
})

/** A registry without the API for referrers: manifests by tag and digest, and nothing else. */
function plainRegistry(manifests: Map<string, Buffer>) {
  return scriptedRegistry(async (request, response) => {
    const key = request.url?.split('/').at(-1) as string
    if (!request.url?.includes('/manifests/')) return refuse(response, 404, 'NAME_UNKNOWN')
    if (request.method === 'DELETE') return response.writeHead(manifests.delete(key) ? 202 : 404).end()
    if (request.method === 'PUT') {
      const body = Buffer.concat(await Array.fromAsync(request))
      manifests.set(key, body)
      manifests.set(digestOf(body), body)
      return response.writeHead(201).end()
    }
    const body = manifests.get(key)
    if (body === undefined) return refuse(response, 404, 'MANIFEST_UNKNOWN')
    response.writeHead(200, { 'docker-content-digest': digestOf(body) }).end(body)
  })
}

test('where a registry does not list referrers, the client keeps the list', async () => {
  const manifests = new Map<string, Buffer>()
  await using registry = await plainRegistry(manifests)
  await using client = createRegistryClient()
  const subject = index.descriptor
  const push = (text: string) => {
    const { descriptor, manifestBytes } = makeArtifact({
      artifactType: `application/x.${text}`,
      blobs: [],
      subject,
      annotations: { text },
    })
    const reference = { ...at(registry, 'a'), digest: descriptor.digest, tag: undefined as never }
    const { tag: _, ...byDigest } = reference
    return client.pushManifest(byDigest, manifestBytes, { mediaType: descriptor.mediaType })
  }
  const [one, two] = [await push('one'), await push('two')]
  await push('one')
  const list = () => client.listReferrers(at(registry, 'a'), subject.digest)
  assert.deepEqual(
    (await list()).map(({ digest, artifactType, annotations }) => [digest, artifactType, annotations]),
    [
      [one, 'application/x.one', { text: 'one' }],
      [two, 'application/x.two', { text: 'two' }],
    ],
  )
  assert.ok(manifests.has(referrersTag(subject.digest)))
  await client.deleteManifest({ registry: registry.address, repository: 'a', digest: one })
  assert.deepEqual(
    (await list()).map(({ digest }) => digest),
    [two],
  )
  // A registry that lists them itself is not helped.
  await using complete = await createRegistry()
  const at2 = { registry: complete.address, repository: 'a' }
  const artifact = makeArtifact({ artifactType: 'application/x', blobs: [], subject })
  await client.push({ ...at2, digest: artifact.descriptor.digest }, artifact.descriptor, pushSource(artifact))
  assert.deepEqual(await Array.fromAsync(client.listTags(at2)), [])
})
