// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { readAhead } from './read-ahead.ts'

const kibi = 1024
const mebi = 1024 * kibi

/** Bytes that are read, and whose position is in each of them. */
const source = (size: number) => async () => ({
  size: async () => size,
  fill: async (buffer: Buffer, position: number) => {
    for (let at = 0; at < buffer.length; at += 4 * kibi) buffer.writeUInt32LE((position + at) / (4 * kibi), at)
  },
  close: async () => {},
})

/** Starts to read; answers the first chunk's length and what goes on. */
async function start(size: number) {
  const reader = readAhead(source(size))
  const first = await reader.next()
  return { reader, length: first.value?.byteLength as number }
}

test('readers share their room for buffers, and those who find it taken read in small chunks', async () => {
  const readers = []
  for (let count = 0; count < 100; count++) readers.push(await start(16 * mebi))
  const lengths = readers.map(({ length }) => length)
  assert.deepEqual(new Set(lengths.slice(0, 42)), new Set([512 * kibi]))
  assert.deepEqual(new Set(lengths.slice(42)), new Set([64 * kibi]))
  const [small] = readers.splice(60, 1)
  let position = 64 * kibi
  for await (const chunk of small?.reader ?? []) {
    assert.equal(Buffer.from(chunk).readUInt32LE(), position / (4 * kibi))
    position += chunk.byteLength
  }
  assert.equal(position, 16 * mebi)
  for (const { reader } of readers) await reader.return(undefined)
  const after = await start(16 * mebi)
  assert.equal(after.length, 512 * kibi)
  await after.reader.return(undefined)
})

test('what is short takes no more room than it is long', async () => {
  const readers = []
  for (let count = 0; count < 5000; count++) readers.push(await start(4 * kibi))
  const long = await start(16 * mebi)
  assert.equal(long.length, 512 * kibi)
  for (const { reader } of [...readers, long]) await reader.return(undefined)
})

test('a reader whose source fails gives its room back', async () => {
  for (let count = 0; count < 100; count++) {
    const failing = { ...(await source(16 * mebi)()), fill: () => Promise.reject(new Error('broken')) }
    await assert.rejects(Array.fromAsync(readAhead(async () => failing)), /broken/)
  }
  const { reader, length } = await start(16 * mebi)
  assert.equal(length, 512 * kibi)
  await reader.return(undefined)
})
