// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createRegistry } from './create-registry.ts'

const dayMs = 24 * 3600 * 1000

async function begin(url: string): Promise<URL> {
  const { headers } = await fetch(`${url}/v2/a/blobs/uploads/`, { method: 'POST' })
  return new URL(headers.get('location') ?? '', url)
}

test('a collection more seldom than a timer can wait for is not one every millisecond', async () => {
  const seen: string[] = []
  const note = ({ name }: Error) => void seen.push(name)
  process.on('warning', note)
  {
    await using _ = await createRegistry({ autoCollect: { everyMs: 30 * dayMs } })
    await delay(50)
  }
  process.removeListener('warning', note)
  assert.equal(seen.includes('TimeoutOverflowWarning'), false)
})

test('a collection removes uploads as old as the registry lets them become', async () => {
  await using registry = await createRegistry({ uploadsOlderThanMs: 10 * dayMs })
  const upload = await begin(registry.url)
  const { context } = registry.store
  const at = context.now() - 9 * dayMs
  context.index.uploads.touch(context.index.repositories.idOf('a'), upload.pathname.split('/').at(-1) ?? '', at)
  assert.equal((await registry.collectGarbage()).uploads, 0)
  assert.equal((await registry.collectGarbage({ uploadsOlderThanMs: 8 * dayMs })).uploads, 1)
  assert.equal((await fetch(upload)).status, 404)
})
