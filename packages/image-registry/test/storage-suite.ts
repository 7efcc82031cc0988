// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { test as nodeTest } from 'node:test'
import type { StorageDriver } from '../src/storage/driver.ts'
import { walk } from '../src/storage/walk.ts'

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

/** Copies each chunk, as the contract of `open` asks of whoever keeps them. */
async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of source) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

async function* parts(...chunks: (string | Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    if (chunk instanceof Error) throw chunk
    yield Buffer.from(chunk as string)
  }
}

/** What every storage must do. `run` calls its argument with a fresh, empty one, and removes it afterwards. */
export function storageSuite(
  test: typeof nodeTest,
  kind: string,
  run: (body: (driver: StorageDriver) => Promise<void>) => Promise<void>,
): void {
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

  test(`${kind}: what is read goes on to its end when it is removed or replaced meanwhile`, () =>
    run(async (driver) => {
      const content = Buffer.alloc(2_500_000, 'abcdefg')
      for (const replace of [true, false]) {
        await driver.append('grown', 0, parts(content))
        await driver.move('grown', 'a/long')
        const source = driver.open('a/long')[Symbol.asyncIterator]()
        const received = [Buffer.from((await source.next()).value as Uint8Array)]
        await driver.append('grown', 0, parts(Buffer.alloc(2_500_000, 'x')))
        if (replace) await driver.move('grown', 'a/long')
        else await driver.remove('a')
        await driver.append('other', 0, parts(Buffer.alloc(2_500_000, 'y')))
        for (let next = await source.next(); next.done !== true; next = await source.next())
          received.push(Buffer.from(next.value))
        assert.ok(Buffer.concat(received).equals(content))
      }
    }))

  test(`${kind}: a walk comes by every object`, () =>
    run(async (driver) => {
      const names = ['a/b/c', 'a/b/d', 'a/e', 'f', ...Array.from({ length: 60 }, (_, index) => `many/${index}/link`)]
      for (const name of names) await driver.write(name, Buffer.from(name))
      const below = async (path: string) =>
        (await Array.fromAsync(walk(driver, path))).map(({ path: found, size }) => {
          assert.equal(size, found.length)
          return found
        })
      assert.deepEqual((await below('')).sort(), names.sort())
      assert.deepEqual((await below('a')).sort(), ['a/b/c', 'a/b/d', 'a/e'])
      assert.deepEqual(await below('a/b/c/none'), [])
      assert.deepEqual(await below('none'), [])
    }))

  test(`${kind}: objects of a few bytes make one`, () =>
    run(async (driver) => {
      for (let offset = 0; offset < 40; offset += 4)
        assert.equal(await driver.append('u/data', offset, parts(Buffer.from(String(offset).padStart(4)))), offset + 4)
      assert.deepEqual(await driver.list('u'), ['data'])
      assert.equal((await driver.stat('u/data'))?.size, 40)
      assert.equal(text(await collect(driver.open('u/data', { start: 30, end: 39 }))), '28  32  36')
      await driver.move('u/data', 'done')
      assert.equal(text(await driver.read('done')), '   0   4   8  12  16  20  24  28  32  36')
      assert.equal(await driver.stat('u/data'), undefined)
    }))
}
