// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { checkStore, createRegistry, openStore, type Registry, storeStats } from '@teu/image-registry/server'
import { digestOf } from '@teu/oci-spec/image'
import { tree } from '../src/storage/tree.ts'
import { expectStatus, pushBlob, pushImage } from './sample-content.ts'

async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-upkeep-'))
  try {
    await work(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

async function fill({ url }: Registry): Promise<void> {
  await pushImage(url, 'team/app', 'v1', Buffer.alloc(3_000, 'a'))
  await pushImage(url, 'team/app', 'v2', Buffer.alloc(5_000, 'b'))
  await pushImage(url, 'team/app/sub', 'v1', Buffer.alloc(3_000, 'a'))
  await pushBlob(url, 'other', Buffer.from('nobody needs this'))
  await expectStatus(fetch(`${url}/v2/other/blobs/uploads/`, { method: 'POST' }), 202)
}

test('statistics add up to the byte', () =>
  withDirectory(async (directory) => {
    await using registry = await createRegistry({ storage: directory })
    await fill(registry)
    const stats = await storeStats(registry.store)
    const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    const sizes = await Promise.all(files.map((file) => stat(path.join(file.parentPath, file.name))))
    assert.deepEqual(stats.total, { count: files.length, bytes: sizes.reduce((sum, { size }) => sum + size, 0) })
    const parts = [stats.content, stats.links, stats.uploads, stats.own, stats.other]
    assert.equal(
      parts.reduce((sum, { bytes }) => sum + bytes, 0),
      stats.total.bytes,
    )
    assert.deepEqual(stats.unreferenced, { count: 1, bytes: 17 })
    assert.deepEqual(stats.other, { count: 0, bytes: 0 })
    const [other, app, sub] = stats.repositories
    assert.deepEqual({ ...other, bytes: 17 }, other)
    assert.deepEqual([app?.name, app?.tags, app?.manifests, app?.blobs], ['team/app', 2, 2, 4])
    assert.deepEqual([sub?.name, sub?.exclusiveBytes], ['team/app/sub', 0])
    assert.ok((app?.exclusiveBytes ?? 0) >= 5_000)
    const shared = (app?.bytes ?? 0) + (sub?.bytes ?? 0) + (other?.bytes ?? 0)
    assert.equal(shared - (sub?.bytes ?? 0), stats.content.bytes)
  }))

test('a store in which all is well has no findings, in memory and in a directory', () =>
  withDirectory(async (directory) => {
    for (const storage of [undefined, directory]) {
      await using registry = await createRegistry(storage === undefined ? {} : { storage })
      await fill(registry)
      const result = await checkStore(registry.store)
      assert.deepEqual(result.findings, [])
      assert.deepEqual([result.repositories, result.manifests, result.tags, result.blobs], [3, 3, 3, 7])
    }
  }))

test('what is wrong is found, and put right when that was asked for', () =>
  withDirectory(async (directory) => {
    const layers = { bad: Buffer.alloc(3_000, 'a'), lost: Buffer.alloc(5_000, 'b') }
    const at = (name: string) => path.join(directory, name)
    let manifest = digestOf('')
    {
      await using registry = await createRegistry({ storage: directory })
      await pushImage(registry.url, 'a', 'bad', layers.bad)
      await pushImage(registry.url, 'a', 'lost', layers.lost)
      manifest = await pushImage(registry.url, 'b', 'gone', Buffer.from('layer'))
    }
    await writeFile(at(tree.blob(digestOf(layers.bad))), Buffer.alloc(3_000, 'x'))
    await rm(at(tree.blob(digestOf(layers.lost))))
    await rm(at(tree.blob(manifest)))
    await writeFile(at(`${tree.blobs}/sha256/zz`), 'no blob')
    await writeFile(at(`${tree.layer('a', digestOf('{}'))}-x`), 'no link')
    await writeFile(at(`${tree.tag('a', 'lost')}/current/link`), 'nothing')
    await writeFile(at(`${tree.layer('b', digestOf('layer'))}/link`), 'sha256:0')
    await writeFile(at(`${tree.repositories}/stray`), '')
    {
      await using store = await openStore({ storage: directory })
      const { findings } = await checkStore(store)
      assert.deepEqual(findings.map(({ kind }) => kind).sort(), [
        'broken-link',
        'broken-link',
        'corrupt-blob',
        'missing-blob',
        'missing-manifest',
        'missing-target',
        'orphan-file',
        'orphan-file',
        'orphan-file',
      ])
      assert.equal(
        findings.some(({ repaired }) => repaired),
        false,
      )
      await using reader = await openStore({ storage: directory, readOnly: true })
      await assert.rejects(checkStore(reader, { repair: true }), { code: 'failed-precondition' })
      assert.equal((await checkStore(reader)).findings.length, findings.length)
      const repaired = (await checkStore(store, { repair: true })).findings
      assert.ok(repaired.some(({ kind, repaired: done }) => kind === 'corrupt-blob' && done))
      const left = (await checkStore(store)).findings
      assert.deepEqual([...new Set(left.map(({ kind }) => kind))], ['missing-target'])
    }
    await using registry = await createRegistry({ storage: directory })
    await pushImage(registry.url, 'a', 'bad', layers.bad)
    await pushImage(registry.url, 'a', 'lost', layers.lost)
    assert.deepEqual((await checkStore(registry.store)).findings, [])
    const blob = await expectStatus(fetch(`${registry.url}/v2/a/blobs/${digestOf(layers.bad)}`), 200)
    assert.deepEqual(Buffer.from(await blob.arrayBuffer()), layers.bad)
    await expectStatus(fetch(`${registry.url}/v2/b/manifests/gone`), 404)
  }))

test('a second process that would write is refused, and one that reads follows', () =>
  withDirectory(async (directory) => {
    await using registry = await createRegistry({ storage: directory })
    await assert.rejects(createRegistry({ storage: directory }), {
      code: 'failed-precondition',
      message: /another registry uses this storage/,
    })
    await using reader = await createRegistry({ storage: directory, readOnly: true })
    await expectStatus(fetch(`${reader.url}/v2/a/manifests/v1`), 404)
    await pushImage(registry.url, 'a', 'v1', Buffer.from('layer'))
    await expectStatus(fetch(`${reader.url}/v2/a/manifests/v1`), 200)
  }))
