// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { type Digest, digestOf } from '@teu/oci-spec/image'
import type { StorageDriver } from '../storage/driver.ts'
import { writeLink } from '../storage/links.ts'
import { memoryStorage } from '../storage/memory.ts'
import { tree } from '../storage/tree.ts'
import { Blobs } from './blobs.ts'
import { collectGarbage } from './garbage.ts'
import { Gate } from './gate.ts'

const all = { olderThanMs: -1000 }

/** A repository with an image of one layer, one blob without use, and one without a repository. */
async function filled(): Promise<{ driver: StorageDriver; used: Digest[]; unused: Digest[] }> {
  const driver = memoryStorage()
  const store = async (name: string | undefined, content: string) => {
    const digest = digestOf(content)
    await driver.write(tree.blob(digest), Buffer.from(content))
    if (name !== undefined) await writeLink(driver, tree.layer(name, digest), digest)
    return digest
  }
  const [config, layer] = [await store('a', '{}'), await store('a', 'layer')]
  const describe = (digest: Digest, size: number) => ({ mediaType: 'a/b', digest, size })
  const body = JSON.stringify({ schemaVersion: 2, config: describe(config, 2), layers: [describe(layer, 5)] })
  const manifest = await store(undefined, body)
  await writeLink(driver, tree.revision('a', manifest), manifest)
  await store('b', 'layer')
  return { driver, used: [config, layer, manifest], unused: [await store('a', 'idle'), await store(undefined, 'lost')] }
}

const stored = async (driver: StorageDriver, digests: Digest[]) =>
  Promise.all(digests.map(async (digest) => (await driver.stat(tree.blob(digest))) !== undefined))

test('what no manifest points at goes, and nothing else', async () => {
  const { driver, used, unused } = await filled()
  const blobs = new Blobs(driver)
  assert.deepEqual(await collectGarbage(driver, blobs, { ...all, dryRun: true }), { blobs: 2, bytes: 8 })
  assert.deepEqual(await stored(driver, unused), [true, true])
  assert.deepEqual(await collectGarbage(driver, blobs, all), { blobs: 2, bytes: 8 })
  assert.deepEqual(await stored(driver, unused), [false, false])
  assert.deepEqual(await stored(driver, used), [true, true, true])
  assert.deepEqual(await driver.list(tree.layers('b')), [])
  assert.deepEqual(await collectGarbage(driver, blobs, all), { blobs: 0, bytes: 0 })
})

test('what is young, or was asked for, stays', async () => {
  const { driver, unused } = await filled()
  assert.deepEqual(await collectGarbage(driver, new Blobs(driver), {}), { blobs: 0, bytes: 0 })
  const old: StorageDriver = {
    ...driver,
    stat: async (path) => driver.stat(path).then((found) => found && { ...found, modified: 0 }),
  }
  const blobs = new Blobs(old)
  await blobs.stat('a', unused[0] as Digest)
  assert.deepEqual(await collectGarbage(old, blobs, {}), { blobs: 1, bytes: 4 })
  assert.deepEqual(await stored(driver, unused), [true, false])
})

test('a gate lets many in together, and one alone', async () => {
  const gate = new Gate()
  const log: string[] = []
  const work = (name: string) => async () => {
    log.push(`+${name}`)
    await new Promise((resolve) => setImmediate(resolve))
    log.push(`-${name}`)
  }
  const first = [gate.shared(work('a')), gate.shared(work('b'))]
  await Promise.resolve().then(() => Promise.resolve())
  const alone = gate.exclusive(work('X'))
  const failing = gate.exclusive(() => Promise.reject(new Error('no')))
  const last = gate.shared(work('c'))
  await assert.rejects(failing, { message: 'no' })
  await Promise.all([...first, alone, last])
  assert.deepEqual(log, ['+a', '+b', '-a', '-b', '+X', '-X', '+c', '-c'])
})
