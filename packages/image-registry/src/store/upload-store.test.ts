// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { digestOf } from '@teu/oci-spec/image'
import type { StorageDriver } from '../storage/driver.ts'
import { memoryStorage } from '../storage/memory.ts'
import { tree } from '../storage/tree.ts'
import { openStoreWith } from './store.ts'

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

/** A storage that notes what makes something durable. */
function noting(memory: StorageDriver): { storage: StorageDriver; log: string[] } {
  const log: string[] = []
  const storage: StorageDriver = {
    ...memory,
    async write(path, content) {
      await memory.write(path, content)
      log.push(`write ${path}`)
    },
    async append(path, offset, source) {
      const length = await memory.append(path, offset, source)
      log.push(`append ${path} ${offset} ${length}`)
      return length
    },
    async move(from, to) {
      await memory.move(from, to)
      log.push(`move ${from}`)
    },
  }
  return { storage, log }
}

test('the folder of an upload is waited for when its bytes have a name in it', async () => {
  const { storage, log } = noting(memoryStorage())
  await using store = await openStoreWith({ storage }, {})
  const place = tree.upload('a', await store.uploads.begin('a'))
  assert.deepEqual(log, [`append ${place}/data 0 0`, `write ${place}/startedat`])
})

test('what an earlier process may have left without waiting for the disk is waited for before it is a blob', async () => {
  const memory = memoryStorage()
  const begin = async () => {
    await using store = await openStoreWith({ storage: memory }, {})
    const id = await store.uploads.begin('a')
    await store.uploads.use('a', id, (upload) => upload.add(bytes('content')))
    return id
  }
  const id = await begin()
  const { storage, log } = noting(memory)
  await using store = await openStoreWith({ storage }, {})
  await store.uploads.use('a', id, (upload) => upload.finish(digestOf('content')))
  const data = `${tree.upload('a', id)}/data`
  assert.deepEqual(log.slice(0, 2), [`append ${data} 7 7`, `move ${data}`])

  log.length = 0
  const own = await store.uploads.begin('a')
  await store.uploads.use('a', own, async (upload) => {
    await upload.add(bytes('more'))
    await upload.finish(digestOf('more'))
  })
  assert.equal(log.filter((entry) => entry.startsWith('append')).length, 2)
})
