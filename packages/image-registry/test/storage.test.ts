// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { filesystemStorage } from '../src/storage/filesystem.ts'
import { memoryStorage } from '../src/storage/memory.ts'
import { storageSuite } from './storage-suite.ts'

storageSuite(test, 'memory', async (body) => {
  await using storage = memoryStorage()
  await body(storage)
})

storageSuite(test, 'directory', async (body) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-storage-'))
  try {
    await body(filesystemStorage(directory))
    const inside = readdir(path.join(directory, 'teu'), { recursive: true, withFileTypes: true })
    const left = await inside.catch(() => [])
    assert.deepEqual(
      left.filter((entry) => entry.isFile()).map(({ name }) => name),
      [],
    )
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('directory: a folder goes with the last object in it, and whoever comes back to it makes it again', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-storage-'))
  try {
    const driver = filesystemStorage(directory)
    const names = () =>
      readdir(directory, { recursive: true }).then((all) => all.filter((name) => !/^teu/.test(name)).sort())
    for (const object of ['a/b/one', 'a/b/two', 'top']) await driver.write(object, Buffer.from('x'))
    await driver.remove('a/b/one')
    assert.deepEqual(await names(), ['a', 'a/b', 'a/b/two', 'top'])
    await driver.remove('a/b/two', { lazily: true })
    assert.deepEqual(await names(), ['a', 'top'])
    await driver.remove('top')
    assert.deepEqual(await names(), ['a'])

    // Each removes the folder that others are just making something in.
    const one = async (_: unknown, index: number) => {
      const place = `c/d${index % 4}`
      await driver.write(`${place}/written${index}`, Buffer.from('x'))
      await driver.remove(`${place}/written${index}`)
      assert.equal(await driver.append(`${place}/grown${index}`, 0, only(Buffer.from('xy'))), 2)
      await driver.move(`${place}/grown${index}`, `e/f${index % 3}/moved${index}`)
      await driver.remove(`e/f${index % 3}/moved${index}`, { lazily: true })
    }
    const ended = await Promise.allSettled(Array.from({ length: 40 }, one))
    assert.deepEqual(
      ended.filter(({ status }) => status === 'rejected'),
      [],
    )
    assert.deepEqual(await driver.list('e'), [])
  } finally {
    await rm(directory, { recursive: true })
  }
})

async function* only(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content
}
