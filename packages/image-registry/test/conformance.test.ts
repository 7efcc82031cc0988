// SPDX-License-Identifier: Apache-2.0
// The conformance suite on the server, with each storage: what a registry is bound to holds whatever keeps its bytes.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { RegistryContext, type RegistryContextInit, registrySuite, runSuite } from '@teu/conformance'
import { appendLayer, emptyImage, layerFromEntries } from '@teu/image-registry/image'
import { createRegistry, memoryStorage, type RegistryInit, s3Storage, virtualStorage } from '@teu/image-registry/server'
import { startFakeS3 } from './fake-s3/fake-s3.ts'

const everything = ['push', 'delete', 'delete-tag', 'referrers', 'catalog', 'sha512', 'restart']

/**
 * Runs all cases that the capabilities are enough for; answers how many that were. A restart is another registry on the
 * same storage, that knows of what is there nothing but what the storage holds.
 */
async function conforms(init: RegistryInit, capabilities = everything, context: RegistryContextInit = {}) {
  await using storage = init.storage === undefined ? memoryStorage() : undefined
  const kept: RegistryInit = { ...init, ...(storage && { storage }) }
  let registry = await createRegistry(kept)
  const restart = async () => {
    await registry.close()
    if (typeof init.storage === 'string') await rm(path.join(init.storage, 'teu'), { recursive: true })
    registry = await createRegistry(kept)
    return registry.url
  }
  const setUp = new RegistryContext(registry.url, { restart, ...context })
  const results = await runSuite(registrySuite, setUp, { capabilities })
  await registry.close()
  const failed = results.filter(({ outcome }) => outcome === 'failed')
  assert.deepEqual(
    failed.map(({ name, reason }) => `${name}: ${reason}`),
    [],
  )
  return results.filter(({ outcome }) => outcome === 'passed').length
}

test('in memory', async () => {
  assert.equal(await conforms({}), registrySuite.cases.length)
})

test('in a directory', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-conformance-'))
  try {
    assert.equal(await conforms({ storage: directory }), registrySuite.cases.length)
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('in a bucket', async () => {
  await using service = await startFakeS3({ pageSize: 50 })
  const { endpoint, bucket, credentials } = service
  await using storage = s3Storage({ endpoint, bucket, credentials })
  assert.equal(await conforms({ storage }), registrySuite.cases.length)
})

test('images that were never pushed', async () => {
  const layer = await layerFromEntries([{ path: 'a', content: Buffer.alloc(4_000, 'a') }], { compression: 'none' })
  const image = appendLayer(emptyImage(), layer)
  const storage = virtualStorage([{ repository: 'team/app', tags: ['v1'], image }])
  assert.ok((await conforms({ storage }, [], { image: 'team/app:v1' })) >= 20)
})

test('with warnings, and with deletes off', async () => {
  const warnings = [
    { repositories: '**', text: 'this "moves" to new/ in June' },
    ...Array.from({ length: 6 }, (_, index) => ({ repositories: 'conformance/**', text: `${index}`.repeat(1_000) })),
  ]
  assert.ok((await conforms({ warnings, deletes: false }, ['push', 'referrers', 'catalog', 'sha512'])) > 80)
})
