// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import test from 'node:test'
import { createRegistryClient, type PullSink } from '@teu/image-registry/client'
import {
  type Descriptor,
  type Digest,
  digestOf,
  maximumManifestSize,
  mediaTypes,
  parsePlatform,
} from '@teu/oci-spec/image'
import { refuse, type Script, scriptedRegistry } from './scripted-registry.ts'

const config = { mediaType: mediaTypes.ociConfig, digest: digestOf('{}'), size: 2 }
const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [] as Descriptor[] }

/** A registry's content by path, and the descriptor of each part. */
class Content {
  readonly byPath = new Map<string, { body: Buffer; type: string }>()

  add(value: unknown, type: string, tag?: string): Descriptor {
    const body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
    const digest = digestOf(body)
    for (const name of [digest, ...(tag ? [tag] : [])]) this.byPath.set(`/v2/a/manifests/${name}`, { body, type })
    this.byPath.set(`/v2/a/blobs/${digest}`, { body, type })
    return { mediaType: type, digest, size: body.byteLength }
  }

  get script(): Script {
    return (request, response) => {
      const found = this.byPath.get(request.url ?? '')
      if (found === undefined) return refuse(response, 404, 'MANIFEST_UNKNOWN')
      send(response, found.body, found.type)
    }
  }
}

function send(response: ServerResponse, body: Buffer, type: string, digest: string = digestOf(body)): void {
  response.writeHead(200, {
    'content-type': type,
    'content-length': String(body.byteLength),
    'docker-content-digest': digest,
  })
  response.end(body)
}

function memorySink(): PullSink & { content: Map<Digest, Buffer>; order: Digest[] } {
  const content = new Map<Digest, Buffer>()
  const order: Digest[] = []
  return {
    content,
    order,
    has: async ({ digest }) => content.has(digest),
    async write({ digest }, open) {
      content.set(digest, Buffer.concat(await Array.fromAsync(open())))
      order.push(digest)
    },
  }
}

async function pull(script: Script, platform: Parameters<ReturnType<typeof createRegistryClient>['pull']>[2] = {}) {
  await using registry = await scriptedRegistry(script)
  await using client = createRegistryClient({ retries: 0, retryDelayMs: 1 })
  const sink = memorySink()
  try {
    const result = await client.pull({ registry: registry.address, repository: 'a', tag: 'x' }, sink, platform)
    return { result, sink, log: registry.log() }
  } catch (error) {
    assert.equal(sink.content.size, 0, 'a pull that fails over its manifests stores nothing')
    assert.ok(registry.requests.length < 100, 'a pull that fails asks for little')
    throw error
  }
}

test('an image is stored from the bottom up, the chosen platform only', async () => {
  const content = new Content()
  const layer = content.add('layer', mediaTypes.ociLayer)
  const own = content.add('{"os":"linux"}', mediaTypes.ociConfig)
  const wanted = content.add({ ...manifest, config: own, layers: [layer, layer] }, mediaTypes.ociManifest)
  const other = content.add({ ...manifest, config: own, annotations: { a: 'b' } }, mediaTypes.ociManifest)
  const entries = [
    { ...other, platform: parsePlatform('linux/amd64') },
    { ...wanted, platform: parsePlatform('linux/s390x') },
  ]
  const root = content.add({ schemaVersion: 2, manifests: entries }, mediaTypes.ociIndex, 'x')
  const { result, sink, log } = await pull(content.script, { platform: parsePlatform('linux/s390x'), concurrency: 1 })
  assert.deepEqual(sink.order, [own.digest, layer.digest, wanted.digest, root.digest])
  assert.deepEqual(result.root, root)
  assert.deepEqual(
    result.images.map(({ descriptor }) => descriptor.digest),
    [wanted.digest],
  )
  assert.ok(!log.some((line) => line.includes(other.digest)))
  const all = await pull(content.script, { platform: 'all' })
  assert.equal(all.result.images.length, 2)
  await assert.rejects(pull(content.script, { platform: parsePlatform('linux/mips') }), {
    code: 'not-found',
    message: /no matching manifest/,
  })
})

test('what is there is not fetched', async () => {
  const content = new Content()
  const own = content.add('{}', mediaTypes.ociConfig)
  const root = content.add({ ...manifest, config: own }, mediaTypes.ociManifest, 'x')
  await using registry = await scriptedRegistry(content.script)
  await using client = createRegistryClient()
  const sink = memorySink()
  const reference = { registry: registry.address, repository: 'a', tag: 'x' }
  await client.pull(reference, sink)
  registry.requests.length = 0
  const events: string[] = []
  const read = async ({ digest }: Descriptor) => sink.content.get(digest) as Buffer
  await client.pull(reference, { ...sink, read }, { onEvent: ({ type }) => events.push(type) })
  assert.deepEqual(registry.log(), ['HEAD /v2/a/manifests/x'])
  assert.deepEqual(events, ['resolved', 'planned', 'exists'])
  assert.equal(sink.order.length, 2)
  assert.ok(sink.content.has(root.digest))
})

const body = Buffer.from(JSON.stringify(manifest))
const asJson = (value: unknown) => Buffer.from(JSON.stringify(value))
const refused: [what: string, script: Script, code: string][] = [
  [
    'another manifest than its digest',
    (request, response) =>
      send(
        response,
        request.method === 'HEAD' ? body : asJson({ ...manifest, a: 1 }),
        mediaTypes.ociManifest,
        digestOf(body),
      ),
    'data-loss',
  ],
  [
    'a manifest under a wrong digest',
    (_request, response) => send(response, body, mediaTypes.ociManifest, digestOf('x')),
    'data-loss',
  ],
  [
    'a manifest under no digest at all',
    (_request, response) => send(response, body, mediaTypes.ociManifest, 'sha256:../../x'),
    'data-loss',
  ],
  [
    'an index that is a manifest too',
    (_request, response) => send(response, asJson({ ...manifest, manifests: [] }), mediaTypes.ociManifest),
    'invalid-argument',
  ],
  ['a manifest called an index', (_request, response) => send(response, body, mediaTypes.ociIndex), 'invalid-argument'],
  [
    'schema 1',
    (_request, response) => send(response, asJson({ schemaVersion: 1, fsLayers: [] }), mediaTypes.dockerSchema1Signed),
    'invalid-argument',
  ],
  ['a web page', (_request, response) => send(response, Buffer.from('<html>'), 'text/html'), 'invalid-argument'],
  [
    'one byte more than 4 MiB',
    (_request, response) => send(response, Buffer.alloc(maximumManifestSize + 1, ' '), mediaTypes.ociManifest),
    'resource-exhausted',
  ],
  [
    'an endless manifest',
    (request, response) => {
      if (request.method === 'HEAD') return send(response, body, mediaTypes.ociManifest)
      const more = () => response.write(Buffer.alloc(100_000), () => response.destroyed || more())
      more()
    },
    'resource-exhausted',
  ],
]

for (const [what, script, code] of refused) {
  test(`a registry that sends ${what} is refused`, async () => {
    await assert.rejects(pull(script), { name: 'StackError', code })
  })
}

test('a manifest is hashed, by tag and by digest', async () => {
  await using registry = await scriptedRegistry((request, response) =>
    request.url?.endsWith('/tag')
      ? send(response, body, mediaTypes.ociManifest, digestOf('x'))
      : send(response, body, mediaTypes.ociManifest),
  )
  await using client = createRegistryClient()
  const at = { registry: registry.address, repository: 'a' }
  for (const reference of [
    { ...at, tag: 'tag' },
    { ...at, digest: digestOf('y') },
  ]) {
    await assert.rejects(client.fetchManifest(reference), { code: 'data-loss', message: /manifest has digest/ })
  }
  const digest = digestOf(body)
  const expected = { mediaType: mediaTypes.ociManifest, digest, size: body.byteLength + 1 }
  await assert.rejects(client.fetchManifest({ ...at, digest }, { expected }), {
    code: 'data-loss',
    message: /bytes, not/,
  })
  assert.equal((await client.fetchManifest({ ...at, digest })).descriptor.digest, digest)
})

test('a layer described with two sizes is refused', async () => {
  const content = new Content()
  const layer = content.add('layer', mediaTypes.ociLayer)
  content.add({ ...manifest, layers: [layer, { ...layer, size: 6 }] }, mediaTypes.ociManifest, 'x')
  await assert.rejects(pull(content.script), { code: 'invalid-argument', message: /as 5 and as 6 bytes/ })
})

test('indexes nested without end are refused', async () => {
  const content = new Content()
  let entry = content.add(manifest, mediaTypes.ociManifest)
  for (let depth = 0; depth < 30; depth++) {
    entry = content.add({ schemaVersion: 2, manifests: [entry] }, mediaTypes.ociIndex, depth === 29 ? 'x' : undefined)
  }
  await assert.rejects(pull(content.script), { code: 'resource-exhausted', message: /nested more than 16/ })
})

test('a ladder of indexes that share their entries is walked once', async () => {
  const content = new Content()
  content.add('{}', mediaTypes.ociConfig)
  let entry = content.add(manifest, mediaTypes.ociManifest)
  for (let depth = 0; depth < 15; depth++) {
    const next = { schemaVersion: 2, manifests: Array.from({ length: 30 }, () => entry) }
    entry = content.add(next, mediaTypes.ociIndex, depth === 14 ? 'x' : undefined)
  }
  const { log } = await pull(content.script, { platform: 'all' })
  assert.ok(log.length < 25, String(log.length))
})

test('a pull is refused when its manifests have more than ten thousand descriptors together', async () => {
  const content = new Content()
  const layersOf = (image: number) =>
    Array.from({ length: 3334 }, (_, n) => ({
      mediaType: mediaTypes.ociLayer,
      digest: digestOf(`${image} ${n}`),
      size: 1,
    }))
  const manifests = [1, 2, 3].map((image) =>
    content.add({ ...manifest, layers: layersOf(image) }, mediaTypes.ociManifest),
  )
  content.add({ schemaVersion: 2, manifests }, mediaTypes.ociIndex, 'x')
  await assert.rejects(pull(content.script, { platform: 'all' }), {
    code: 'resource-exhausted',
    message: /more than 10000 descriptors/,
  })
})

test('a pull is refused when one manifest has more than 4,096 layers', async () => {
  const content = new Content()
  const layers = Array.from({ length: 4097 }, () => ({ ...manifest.config, mediaType: mediaTypes.ociLayer }))
  content.add({ ...manifest, layers }, mediaTypes.ociManifest, 'x')
  await assert.rejects(pull(content.script), { code: 'invalid-argument', message: /more than 4096/ })
})

test('a registry that answers HEAD badly is asked with GET', async () => {
  for (const answer of [405, 404, 200]) {
    const { result } = await pull((request, response) => {
      if (request.url?.includes('/blobs/')) return response.end('{}')
      if (request.method === 'GET') return send(response, body, mediaTypes.ociManifest)
      return answer === 200 ? response.end() : refuse(response, answer, 'UNSUPPORTED')
    })
    assert.equal(result.root.digest, digestOf(body))
  }
})

test('referrers are found by the tag that stands in for the API', async () => {
  const content = new Content()
  const subject = content.add(manifest, mediaTypes.ociManifest)
  const signature = { mediaType: mediaTypes.ociManifest, digest: digestOf('s'), size: 1, artifactType: 'a/sig' }
  const sbom = { ...signature, digest: digestOf('b'), artifactType: 'a/sbom' }
  content.add({ schemaVersion: 2, manifests: [signature, sbom] }, mediaTypes.ociIndex, subject.digest.replace(':', '-'))
  await using registry = await scriptedRegistry(content.script)
  await using client = createRegistryClient()
  const at = { registry: registry.address, repository: 'a' }
  assert.deepEqual(await client.listReferrers(at, subject.digest), [signature, sbom])
  assert.deepEqual(await client.listReferrers(at, subject.digest, { artifactType: 'a/sig' }), [signature])
  assert.deepEqual(await client.listReferrers(at, digestOf('none')), [])
})
