// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { digestOf } from '@teu/oci-spec/image'
import type { StorageDriver } from './driver.ts'
import { filesystemStorage } from './filesystem.ts'
import { listLinks, listRepositories, readLink, writeLink } from './links.ts'
import { memoryStorage } from './memory.ts'
import { tree } from './tree.ts'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

/** Copies each chunk, as the contract of `open` asks of whoever keeps them. */
async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of source) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

async function* parts(...chunks: (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    if (chunk instanceof Error) throw chunk
    yield Buffer.from(chunk)
  }
}

function suite(kind: string, run: (body: (driver: StorageDriver) => Promise<void>) => Promise<void>): void {
  test(`${kind}: objects are written, read, replaced and removed`, () =>
    run(async (driver) => {
      await assert.rejects(driver.read('a/b'), { code: 'not-found' })
      assert.equal(await driver.stat('a/b'), undefined)
      await driver.write('a/b', Buffer.from('one'))
      await driver.write('a/b', Buffer.from('three'))
      assert.equal(text(await driver.read('a/b')), 'three')
      const { size, modified } = (await driver.stat('a/b')) ?? assert.fail()
      assert.equal(size, 5)
      assert.ok(Math.abs(Date.now() - modified) < 60_000)
      assert.equal(await driver.stat('a'), undefined)
      await driver.write('a/c/d', Buffer.from(''))
      assert.deepEqual((await driver.list('a')).sort(), ['b', 'c'])
      assert.deepEqual(await driver.list('a/b'), [])
      assert.deepEqual(await driver.list('x'), [])
      await driver.remove('a/c')
      await driver.remove('a/none')
      assert.deepEqual(await driver.list('a'), ['b'])
    }))

  test(`${kind}: parts of an object are read`, () =>
    run(async (driver) => {
      const content = Buffer.alloc(1_700_000, 'abcdefg')
      await driver.append('big', 0, parts(content.toString()))
      assert.deepEqual(await collect(driver.open('big')), content)
      for (const [start, end] of [
        [0, 0],
        [5, 9],
        [600_000, 1_699_999],
        [1_699_999, 1_699_999],
      ] as const) {
        assert.deepEqual(await collect(driver.open('big', { start, end })), content.subarray(start, end + 1))
      }
      await assert.rejects(collect(driver.open('none')), { code: 'not-found' })
      for await (const chunk of driver.open('big')) {
        assert.ok(chunk.byteLength > 0)
        break
      }
    }))

  test(`${kind}: an object grows at its end, and keeps what came before a failure`, () =>
    run(async (driver) => {
      assert.equal(await driver.append('x', 0, parts('01', '234')), 5)
      await assert.rejects(driver.append('x', 5, parts('56', new Error('gone'))), { message: 'gone' })
      assert.equal((await driver.stat('x'))?.size, 7)
      await assert.rejects(driver.append('x', 5, parts('z')), { code: 'out-of-range' })
      assert.equal(await driver.append('x', 7, parts('789')), 10)
      await driver.move('x', 'y/z')
      assert.equal(text(await driver.read('y/z')), '0123456789')
      await assert.rejects(driver.move('x', 'y'), { code: 'not-found' })
      assert.equal(await driver.append('y/z', 0, parts()), 0)
    }))

  test(`${kind}: links and repositories are found`, () =>
    run(async (driver) => {
      const [a, b] = [digestOf('a'), digestOf('b', 'sha512')]
      assert.equal(await readLink(driver, tree.layer('r/s', a)), undefined)
      for (const digest of [a, b]) await writeLink(driver, tree.revision('r/s', digest), digest)
      await driver.write(`${tree.revision('r/s', digestOf('c'))}/link`, Buffer.from('../../etc/passwd'))
      assert.equal(await readLink(driver, tree.revision('r/s', a)), a)
      assert.equal(await readLink(driver, tree.revision('r/s', digestOf('c'))), undefined)
      assert.deepEqual(await listLinks(driver, tree.revisions('r/s')), [a, b])
      await writeLink(driver, tree.layer('q', a), a)
      await writeLink(driver, tree.revision('r', a), a)
      assert.deepEqual(await listRepositories(driver, '_manifests'), ['r', 'r/s'])
    }))
}

suite('memory', (body) => body(memoryStorage()))

suite('directory', async (body) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-storage-'))
  try {
    await body(filesystemStorage(directory))
    const left = await readdir(directory, { recursive: true })
    assert.deepEqual(
      left.filter((name) => name.endsWith('.tmp')),
      [],
    )
  } finally {
    await rm(directory, { recursive: true })
  }
})
