// SPDX-License-Identifier: Apache-2.0
// What a cache keeps is what it passed on, to the byte, whatever it keeps it in.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { checkStore, createRegistry, type RegistryInit, s3Storage } from '@teu/image-registry/server'
import { startFakeS3 } from './fake-s3/fake-s3.ts'
import { putBlob } from './requests.ts'

/** Around the lengths in which blobs are passed on and written. */
const lengths = [0, 1, 262_144, 262_145, 700_001, 1_048_577, 3_500_000]

async function keepsWhatItPassesOn(storage: NonNullable<RegistryInit['storage']> | undefined): Promise<void> {
  const spoolDirectory = await mkdtemp(path.join(tmpdir(), 'teu-spool-'))
  try {
    await using origin = await createRegistry()
    const contents = lengths.map((length) => randomBytes(length))
    const digests = await Promise.all(contents.map((content) => putBlob(origin.url, 'app', content)))
    const proxy = { url: origin.url, spoolDirectory }
    await using cache = await createRegistry({ proxy, ...(storage !== undefined && { storage }) })
    const get = async (digest: string) =>
      Buffer.from(await (await fetch(`${cache.url}/v2/app/blobs/${digest}`)).arrayBuffer())
    const all = () => Promise.all(digests.map(get))
    assert.ok(
      (await all()).every((content, i) => content.equals(contents[i] as Buffer)),
      'passed on',
    )
    await origin.close(0)
    await origin.close(0)
    // What was passed on may still be on its way into the storage.
    const deadline = performance.now() + 20_000
    const isKept = async (digest: string) => (await fetch(`${cache.url}/v2/app/blobs/${digest}`)).ok
    while (!(await Promise.all(digests.map(isKept))).every(Boolean)) assert.ok(performance.now() < deadline)
    assert.ok(
      (await all()).every((content, i) => content.equals(contents[i] as Buffer)),
      'kept',
    )
    assert.deepEqual((await checkStore(cache.store)).findings, [])
  } finally {
    await rm(spoolDirectory, { recursive: true })
  }
}

test('in memory', () => keepsWhatItPassesOn(undefined))

test('in a directory', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-proxy-'))
  try {
    await keepsWhatItPassesOn(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('in a bucket', async () => {
  await using service = await startFakeS3()
  const { endpoint, bucket, credentials } = service
  await using storage = s3Storage({ endpoint, bucket, credentials })
  await keepsWhatItPassesOn(storage)
})
