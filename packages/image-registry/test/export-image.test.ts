// SPDX-License-Identifier: Apache-2.0
// What a store gives out is what its digest says, however damaged the store or the target is.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { appendLayer, emptyImage, layerFromEntries, validateImage } from '@teu/image-registry/image'
import { imagesFromLayout, layoutSink, openLayout, writeLayout } from '@teu/image-registry/layout'
import { collectGarbage, exportImage, importImage, openStore, type Store } from '@teu/image-registry/server'
import { digestEncoded, layoutBlobPath } from '@teu/oci-spec/image'
import { tree } from '../src/storage/tree.ts'

const layer = await layerFromEntries([{ path: 'a', content: Buffer.alloc(400_000, 'a') }], { compression: 'none' })
const image = appendLayer(emptyImage(), layer)
const { digest, size } = layer.descriptor
const source = { repository: 'a', reference: 'v1' }
/** The file of a transfer that no process goes on with. */
const leftBehind = `.ingest/sha256-${digestEncoded(digest)}.0-00ff00ff00ff`

async function withStore(work: (store: Store, folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'teu-export-'))
  try {
    await writeLayout(`${folder}/layout`, [image], { name: 'v1' })
    await using store = await openStore({ storage: `${folder}/store` })
    const layout = await openLayout(`${folder}/layout`)
    await importImage(store, { repository: 'a', tags: ['v1'] }, layout, layout.find('v1'))
    await work(store, folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('a blob that is damaged in the store is not given out as good', () =>
  withStore(async (store, folder) => {
    const file = path.join(folder, 'store', tree.blob(digest))
    const good = await readFile(file)
    const changed = Buffer.from(good)
    changed.writeUInt8(changed.readUInt8(5) ^ 1, 5)
    for (const bad of [changed, good.subarray(0, 1000)]) {
      await writeFile(file, bad)
      const target = path.join(folder, 'copy')
      await assert.rejects(exportImage(store, source, layoutSink(target)), { code: 'data-loss' })
      await assert.rejects(readFile(path.join(target, layoutBlobPath(digest))), { code: 'ENOENT' })
    }
  }))

test('what a broken transfer left in a layout is gone on from, and thrown away when it is wrong', () =>
  withStore(async (store, folder) => {
    const good = await readFile(path.join(folder, 'store', tree.blob(digest)))
    const beginnings = [good.subarray(0, 300_000), good, Buffer.alloc(0)]
    for (const [number, beginning] of [...beginnings, Buffer.alloc(300_000, 'x')].entries()) {
      const target = path.join(folder, `copy${number}`)
      await mkdir(`${target}/.ingest`, { recursive: true })
      await writeFile(`${target}/${leftBehind}`, beginning)
      const sink = layoutSink(target)
      if (number === beginnings.length) await assert.rejects(exportImage(store, source, sink), { code: 'data-loss' })
      await sink.add(await exportImage(store, source, sink), { name: 'v1' })
      assert.equal((await readFile(path.join(target, layoutBlobPath(digest)))).byteLength, size)
      for (const copy of await imagesFromLayout(target, 'v1')) await validateImage(copy)
    }
  }))

test('a store that is open for reading collects nothing', () =>
  withStore(async (store, folder) => {
    await store.manifests.remove('a', image.descriptor.digest)
    const asked = { olderThanMs: -60_000, untaggedOlderThanMs: -60_000 }
    await using reader = await openStore({ storage: `${folder}/store`, readOnly: true })
    await assert.rejects(collectGarbage(reader, asked), {
      code: 'failed-precondition',
      message: 'the store is open only for reading',
    })
    await collectGarbage(reader, { ...asked, dryRun: true })
    assert.equal((await readFile(path.join(folder, 'store', tree.blob(digest)))).byteLength, size)
  }))

test('a store that is open for reading counts by when content came', () =>
  withStore(async (store, folder) => {
    await store.manifests.remove('a', image.descriptor.digest)
    const storage = `${folder}/store`
    const count = async () => {
      await using reader = await openStore({ storage, readOnly: true })
      return (await collectGarbage(reader, { dryRun: true })).blobs
    }
    assert.equal(await count(), 0)
    const longAgo = new Date(Date.now() - 2 * 24 * 3600 * 1000)
    for (const entry of await readdir(storage, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) await utimes(path.join(entry.parentPath, entry.name), longAgo, longAgo)
    assert.equal(await count(), 3)
  }))
