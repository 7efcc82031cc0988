// SPDX-License-Identifier: Apache-2.0
// Layers that may not be distributed: a manifest may name them without the registry having them.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { layoutSink, openLayout } from '@teu/image-registry/layout'
import {
  checkStore,
  collectGarbage,
  createRegistry,
  exportImage,
  importImage,
  openStore,
} from '@teu/image-registry/server'
import { digestOf, layoutBlobPath, mediaTypes } from '@teu/oci-spec/image'
import { putBlob } from './requests.ts'

const types = [
  'application/vnd.oci.image.layer.nondistributable.v1.tar',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
]
const config = { mediaType: mediaTypes.ociConfig, digest: digestOf('{}'), size: 2 }
const urls = ['https://store.example.com/a', 'http://store.example.com/b']
const elsewhere = (mediaType: string) => ({ mediaType, digest: digestOf('elsewhere'), size: 9, urls })

function put(url: string, layers: unknown[]): Promise<Response> {
  const body = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers })
  const headers = { 'content-type': mediaTypes.ociManifest }
  return fetch(`${url}/v2/a/manifests/v1`, { method: 'PUT', headers, body })
}

for (const type of types) {
  test(`a manifest is taken when its layer of type ${type} lies elsewhere`, async () => {
    await using registry = await createRegistry()
    await putBlob(registry.url, 'a', '{}')
    assert.equal((await put(registry.url, [elsewhere(type)])).status, 201)
    const answer = await fetch(`${registry.url}/v2/a/manifests/v1`)
    assert.deepEqual(((await answer.json()) as { layers: unknown }).layers, [elsewhere(type)])
    assert.deepEqual((await checkStore(registry.store)).findings, [])
  })
}

test('urls of an ordinary layer that is there are kept', async () => {
  await using registry = await createRegistry()
  await putBlob(registry.url, 'a', '{}')
  assert.equal((await put(registry.url, [{ ...config, mediaType: mediaTypes.ociLayer, urls }])).status, 201)
})

test('a layer that may not be distributed is kept by a collection when somebody has pushed it', async () => {
  await using registry = await createRegistry()
  for (const content of ['{}', 'elsewhere']) await putBlob(registry.url, 'a', content)
  assert.equal((await put(registry.url, [elsewhere(types[0] as string)])).status, 201)
  await collectGarbage(registry.store, { olderThanMs: 0 })
  assert.equal((await fetch(`${registry.url}/v2/a/blobs/${digestOf('elsewhere')}`)).status, 200)
})

test('an image goes to a layout and comes back without the layer that lies elsewhere', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'teu-foreign-'))
  t.after(() => rm(folder, { recursive: true }))
  await using registry = await createRegistry()
  await putBlob(registry.url, 'a', '{}')
  await put(registry.url, [elsewhere(types[1] as string)])
  const sink = layoutSink(folder)
  await sink.add(await exportImage(registry.store, { repository: 'a', reference: 'v1' }, sink), { name: 'v1' })
  await assert.rejects(readFile(path.join(folder, layoutBlobPath(digestOf('elsewhere')))), { code: 'ENOENT' })
  await using store = await openStore({ storage: path.join(folder, 'store') })
  const layout = await openLayout(folder)
  await importImage(store, { repository: 'b', tags: ['v1'] }, layout, layout.find('v1'))
  assert.notEqual(await store.manifests.find('b', { tag: 'v1' }), undefined)
  assert.deepEqual((await checkStore(store)).findings, [])
})
