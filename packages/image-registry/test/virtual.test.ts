// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { appendLayer, emptyImage, layerFromEntries, makeArtifact } from '@teu/image-registry/image'
import {
  checkStore,
  createRegistry,
  exportImage,
  type ImageSource,
  importImage,
  memoryStorage,
  openStore,
  virtualStorage,
} from '@teu/image-registry/server'
import { type Descriptor, digestOf, mediaTypes } from '@teu/oci-spec/image'
import { expectStatus } from './sample-content.ts'

const layer = await layerFromEntries([{ path: 'a', content: Buffer.alloc(400_000, 'a') }], { compression: 'none' })
const image = appendLayer(emptyImage(), layer)
const { config } = image.manifest

/** An index of one image, as content that somebody else holds. */
const index = Buffer.from(
  JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [image.descriptor] }),
)
const root: Descriptor = { mediaType: mediaTypes.ociIndex, digest: digestOf(index), size: index.byteLength }
const content: ImageSource = {
  read: async ({ digest }) => (digest === root.digest ? index : image.manifestBytes),
  async *open({ digest }) {
    if (digest === config.digest) yield image.configBytes
    else yield* layer.open()
  },
}

test('images are served without being pushed', async () => {
  const storage = virtualStorage([
    { repository: 'team/app', tags: ['v1', 'latest'], image },
    { repository: 'multi', tags: ['v1'], root, content },
  ])
  await using registry = await createRegistry({ storage })
  const { url } = registry
  const json = async (path: string) => (await expectStatus(fetch(`${url}${path}`), 200)).json()
  assert.deepEqual(await json('/v2/_catalog'), { repositories: ['multi', 'team/app'] })
  assert.deepEqual(await json('/v2/team/app/tags/list'), { name: 'team/app', tags: ['latest', 'v1'] })
  assert.deepEqual(await json('/v2/multi/manifests/v1'), JSON.parse(index.toString()))
  for (const name of ['team/app', 'multi']) {
    const blob = `${url}/v2/${name}/blobs/${layer.descriptor.digest}`
    const whole = Buffer.from(await (await expectStatus(fetch(blob), 200)).arrayBuffer())
    assert.equal(digestOf(whole), layer.descriptor.digest)
    const part = await expectStatus(fetch(blob, { headers: { range: 'bytes=399000-400099' } }), 206)
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), whole.subarray(399_000, 400_100))
  }
  await expectStatus(fetch(`${url}/v2/team/app/manifests/v1`, { method: 'DELETE' }), 405)
  await expectStatus(fetch(`${url}/v2/team/app/blobs/uploads/`, { method: 'POST' }), 405)
  assert.deepEqual((await checkStore(registry.store)).findings, [])
})

test('what cannot be read is an error, and tried again', async () => {
  let fails = true
  const read: ImageSource['read'] = async (descriptor) => {
    if (fails) throw new Error('not now')
    return content.read(descriptor)
  }
  await using registry = await createRegistry({
    storage: virtualStorage([{ repository: 'a', tags: ['v1'], root, content: { ...content, read } }]),
  })
  await expectStatus(fetch(`${registry.url}/v2/a/manifests/v1`), 500)
  fails = false
  await expectStatus(fetch(`${registry.url}/v2/a/manifests/v1`), 200)
})

test('an image goes into a store and out of it again, verified', async () => {
  await using store = await openStore({ storage: memoryStorage() })
  await importImage(store, { repository: 'a', tags: ['v1', 'v2'] }, content, root)
  assert.deepEqual(await store.manifests.tags('a', '', 10), ['v1', 'v2'])
  const sink = new Map<string, Buffer>()
  const exported = await exportImage(
    store,
    { repository: 'a', reference: 'v1' },
    {
      has: async ({ digest }) => sink.has(digest),
      write: async ({ digest }, open) =>
        void sink.set(digest, Buffer.concat(await Array.fromAsync(open(), (chunk) => Buffer.from(chunk)))),
    },
  )
  assert.deepEqual(exported, root)
  assert.deepEqual([...sink.keys()], [config.digest, layer.descriptor.digest, image.descriptor.digest, root.digest])
  for (const [digest, bytes] of sink) assert.equal(digestOf(bytes), digest)
  await assert.rejects(exportImage(store, { repository: 'a', reference: 'none' }, {} as never), { code: 'not-found' })
  const wrong: ImageSource = { ...content, open: () => content.open(config) }
  await assert.rejects(importImage(store, { repository: 'b' }, wrong, root), { code: 'invalid-argument' })
  const lying: ImageSource = { ...content, read: async () => index }
  await assert.rejects(importImage(store, { repository: 'b' }, lying, image.descriptor), { code: 'invalid-argument' })
  assert.equal(await store.manifests.find('b', { digest: root.digest }), undefined)
})

test('what is about an image is listed, and an index under the fallback tag is a tag like others', async () => {
  const artifact = makeArtifact({ artifactType: 'application/vnd.example.sbom', blobs: [], subject: image.descriptor })
  const fallback = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [artifact.descriptor] }),
  )
  const listing: Descriptor = {
    mediaType: mediaTypes.ociIndex,
    digest: digestOf(fallback),
    size: fallback.byteLength,
  }
  const about: ImageSource = {
    read: async ({ digest }) => (digest === listing.digest ? fallback : artifact.manifestBytes),
    async *open() {
      yield Buffer.from('{}')
    },
  }
  const tag = image.descriptor.digest.replace(':', '-')
  const storage = virtualStorage([
    { repository: 'team/app', tags: ['v1'], image },
    { repository: 'team/app', tags: [tag], root: listing, content: about },
  ])
  await using registry = await createRegistry({ storage })
  const get = async (path: string) =>
    (await expectStatus(fetch(`${registry.url}/v2/team/app/${path}`), 200)).json() as Promise<{
      manifests: Descriptor[]
    }>
  const { manifests } = await get(`referrers/${image.descriptor.digest}`)
  assert.deepEqual(manifests, [artifact.descriptor])
  assert.deepEqual((await get(`manifests/${tag}`)).manifests, [artifact.descriptor])
})
