// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { type Digest, digestOf, mediaTypes, parseManifest } from '@teu/oci-spec/image'
import { factsOf } from '../references/manifest-facts.ts'
import type { StorageDriver } from '../storage/driver.ts'
import { writeLink } from '../storage/links.ts'
import { memoryStorage } from '../storage/memory.ts'
import { tree } from '../storage/tree.ts'
import { openStoreWith, type Store } from '../store/store.ts'
import { collectGarbage } from './collect-garbage.ts'

const day = 24 * 3600 * 1000
const nothing = { blobs: 0, bytes: 0, manifests: 0, links: 0, uploads: 0, repositories: 0 }

/** A store whose clock is set by hand. */
async function open(storage: StorageDriver = memoryStorage()): Promise<Store & { clock: { time: number } }> {
  const clock = { time: Date.now() }
  return Object.assign(await openStoreWith({ storage }, { now: () => clock.time }), { clock })
}

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

async function pushBlob(store: Store, name: string, content: string): Promise<Digest> {
  const digest = digestOf(content)
  await store.uploads.ingest(name, digest, bytes(content))
  return digest
}

async function pushManifest(store: Store, name: string, body: object, ...tags: string[]): Promise<Digest> {
  const content = Buffer.from(JSON.stringify({ schemaVersion: 2, ...body }))
  const digest = digestOf(content)
  const facts = factsOf(parseManifest(content))
  await store.manifests.put(name, { bytes: content, digest, facts, tags }, async () => {})
  return digest
}

const describe = (digest: Digest, size: number) => ({ mediaType: 'a/b', digest, size })

async function pushImage(store: Store, name: string, layer: string, ...tags: string[]) {
  const config = await pushBlob(store, name, '{}')
  const content = await pushBlob(store, name, layer)
  const body = { config: describe(config, 2), layers: [describe(content, layer.length)] }
  return { config, layer: content, manifest: await pushManifest(store, name, body, ...tags) }
}

const isStored = async (store: Store, digest: Digest) =>
  (await store.context.storage.stat(tree.blob(digest))) !== undefined

test('what no manifest points at goes, and nothing else', async () => {
  await using store = await open()
  const image = await pushImage(store, 'a', 'layer', 'v1')
  const idle = await pushBlob(store, 'a', 'idle')
  await pushBlob(store, 'b', 'layer')
  const lost = digestOf('lost')
  await store.context.storage.write(tree.blob(lost), Buffer.from('lost'))
  store.clock.time += 2 * day
  const expected = { ...nothing, blobs: 2, bytes: 8, links: 2, repositories: 1 }
  assert.deepEqual(await collectGarbage(store, { dryRun: true }), expected)
  assert.deepEqual(await Promise.all([isStored(store, idle), isStored(store, lost)]), [true, true])
  assert.deepEqual(await collectGarbage(store), expected)
  assert.deepEqual(await Promise.all([isStored(store, idle), isStored(store, lost)]), [false, false])
  for (const digest of Object.values(image)) assert.equal(await isStored(store, digest), true)
  assert.equal((await store.blobs.stat('a', image.layer))?.size, 5)
  assert.equal(await store.blobs.stat('b', image.layer), undefined)
  assert.deepEqual(await store.context.storage.list(tree.repository('b')), [])
  assert.deepEqual(await collectGarbage(store), nothing)
})

test('what is young, or was asked for, stays', async () => {
  await using store = await open()
  const [asked, unasked] = [await pushBlob(store, 'a', 'asked'), await pushBlob(store, 'a', 'unasked')]
  assert.deepEqual(await collectGarbage(store), nothing)
  store.clock.time += 2 * day
  await store.blobs.stat('a', asked)
  assert.equal((await collectGarbage(store)).blobs, 1)
  assert.deepEqual(await Promise.all([isStored(store, asked), isStored(store, unasked)]), [true, false])
  store.clock.time += 2 * day
  assert.equal((await collectGarbage(store)).blobs, 1)
})

test('manifests without a name go when that was asked for, and those that something alive needs stay', async () => {
  await using store = await open()
  const nested = await pushImage(store, 'a', 'nested')
  const index = { manifests: [{ ...describe(nested.manifest, 1), mediaType: mediaTypes.ociManifest }] }
  await pushManifest(store, 'a', index, 'multi')
  const tagged = await pushImage(store, 'a', 'tagged', 'v1')
  const config = describe(tagged.config, 2)
  const about = (digest: Digest) => ({ config, layers: [], subject: describe(digest, 1) })
  const signature = await pushManifest(store, 'a', about(tagged.manifest))
  const signatureOfThat = await pushManifest(store, 'a', about(signature))
  const untagged = await pushImage(store, 'a', 'untagged')
  const dangling = await pushManifest(store, 'a', about(untagged.manifest))
  store.clock.time += 2 * day
  const youngIndex = { manifests: [{ ...describe(dangling, 1), mediaType: mediaTypes.ociManifest }] }
  await pushManifest(store, 'a', youngIndex)
  assert.equal((await collectGarbage(store)).manifests, 0)
  const untaggedOlderThanMs = day
  const dryRun = await collectGarbage(store, { untaggedOlderThanMs, dryRun: true })
  assert.deepEqual(dryRun, { ...nothing, blobs: 2, bytes: dryRun.bytes, manifests: 1, links: 1 })
  assert.deepEqual(await collectGarbage(store, { untaggedOlderThanMs }), dryRun)
  const left = [nested.manifest, tagged.manifest, signature, signatureOfThat, dangling]
  for (const digest of left) assert.notEqual(await store.manifests.find('a', { digest }), undefined)
  assert.equal(await store.manifests.find('a', { digest: untagged.manifest }), undefined)
  assert.equal(await isStored(store, untagged.layer), false)
})

test('uploads that nothing came for expire', async () => {
  await using store = await open()
  const [old, active] = [await store.uploads.begin('a'), await store.uploads.begin('a')]
  store.clock.time += 6 * day
  await store.uploads.use('a', active, (upload) => upload.add(bytes('more')))
  store.clock.time += 2 * day
  assert.equal((await collectGarbage(store, { dryRun: true })).uploads, 1)
  assert.equal((await collectGarbage(store)).uploads, 1)
  await assert.rejects(store.uploads.length('a', old), { registryCode: 'BLOB_UPLOAD_UNKNOWN' })
  assert.equal(await store.uploads.length('a', active), 4)
})

test('a repository with a manifest that cannot be read keeps everything', async () => {
  const storage = memoryStorage()
  const broken = digestOf('no manifest')
  {
    await using store = await open(storage)
    await pushBlob(store, 'a', 'layer of whom?')
    await storage.write(tree.blob(broken), Buffer.from('no manifest'))
    await writeLink(storage, tree.revision('a', broken), broken)
  }
  await using store = await open(storage)
  store.clock.time += 2 * day
  assert.deepEqual(await collectGarbage(store, { untaggedOlderThanMs: 0 }), nothing)
})

test('a blob that goes at this moment is waited for, and is pushed again', async () => {
  const memory = memoryStorage()
  const removing = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const slow: StorageDriver = {
    ...memory,
    async remove(path, options) {
      if (path === tree.blob(digestOf('content'))) {
        removing.resolve()
        await release.promise
      }
      await memory.remove(path, options)
    },
  }
  await using store = await open(slow)
  await pushBlob(store, 'a', 'content')
  store.clock.time += 2 * day
  const collecting = collectGarbage(store)
  await removing.promise
  const mounting = store.blobs.mount('b', digestOf('content'), 'a')
  const pushing = pushBlob(store, 'c', 'content')
  release.resolve()
  await Promise.all([collecting, pushing])
  assert.equal(await mounting, false)
  assert.equal((await store.blobs.stat('c', digestOf('content')))?.size, 7)
  assert.equal(await isStored(store, digestOf('content')), true)
})

test('a manifest on its way keeps what it points at, however old that is', async () => {
  await using store = await open()
  const layer = await pushBlob(store, 'a', 'layer')
  store.clock.time += 2 * day
  const content = Buffer.from(
    JSON.stringify({ schemaVersion: 2, config: describe(layer, 5), layers: [describe(layer, 5)] }),
  )
  const facts = factsOf(parseManifest(content))
  const manifest = { bytes: content, digest: digestOf(content), facts, tags: [] }
  await store.manifests.put('a', manifest, async () => {
    assert.equal((await collectGarbage(store)).blobs, 0)
  })
  assert.equal((await store.blobs.stat('a', layer))?.size, 5)
})
