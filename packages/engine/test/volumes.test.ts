// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import test, { type TestContext } from 'node:test'
import type { DiskUsageResult, Volume, VolumesPruneResult } from '@teu/engine-api'
import { createEventBus } from '../src/events/event-bus.ts'
import { localVolumes } from '../src/volumes/local-volumes.ts'
import { TestEngine } from './doubles/test-engine.ts'

/** An engine with volumes `plain`, `kept` (label keep=yes), `other` (label keep=no), and an anonymous one. */
async function withVolumes(t: TestContext) {
  const engine = await TestEngine.start(t)
  await engine.client.volumeCreate({ Name: 'plain' })
  await engine.client.volumeCreate({ Name: 'kept', Labels: { keep: 'yes' } })
  await engine.client.volumeCreate({ Name: 'other', Labels: { keep: 'no', more: '' } })
  const { Name: anonymous } = await engine.client.volumeCreate({})
  const names = async () => ((await engine.client.volumeList()).Volumes ?? []).map(({ Name }) => Name).sort()
  const prune = async (version: string, filters?: object) => {
    const query = filters ? `?filters=${encodeURIComponent(JSON.stringify(filters))}` : ''
    const { status, body } = await engine.request('POST', `/v${version}/volumes/prune${query}`)
    const result = JSON.parse(body) as VolumesPruneResult & { message?: string }
    return { status, ...result, deleted: (result.VolumesDeleted ?? []).toSorted() }
  }
  return { engine, anonymous, names, prune }
}

test('prune keeps what a label! filter names', async (t) => {
  const { names, prune } = await withVolumes(t)
  const first = await prune('1.50', { all: ['true'], 'label!': ['keep=yes', 'more'] })
  assert.deepEqual(first.deleted.includes('plain'), true)
  assert.deepEqual(await names(), ['kept', 'other'])
  assert.deepEqual((await prune('1.50', { all: ['true'], 'label!': ['keep'] })).deleted, [])
  assert.deepEqual((await prune('1.50', { all: ['true'], label: ['keep'], 'label!': ['keep=yes'] })).deleted, ['other'])
  assert.deepEqual(await names(), ['kept'])
})

test('prune takes named volumes below API 1.42, and from then on anonymous ones unless all is set', async (t) => {
  const { anonymous, names, prune } = await withVolumes(t)
  assert.deepEqual((await prune('1.42')).deleted, [anonymous])
  assert.deepEqual((await prune('1.50', { all: ['false'] })).deleted, [])
  const refused = await prune('1.50', { all: ['maybe'] })
  assert.deepEqual([refused.status, refused.message], [400, "invalid filter 'all=[maybe]'"])
  assert.deepEqual(await names(), ['kept', 'other', 'plain'])
  assert.deepEqual((await prune('1.41', { label: ['keep'] })).deleted, ['kept', 'other'])
  assert.deepEqual((await prune('1.41')).deleted, ['plain'])
})

test('disk usage tells what volumes hold, how many containers use them, and survives a removal beside it', async (t) => {
  const { engine, anonymous } = await withVolumes(t)
  const mounts = { HostConfig: { Binds: ['plain:/a', 'plain:/b'] } }
  await engine.create(['sleep'], mounts)
  await engine.create(['sleep'], mounts)
  writeFileSync(path.join(engine.directory, 'data/volumes/plain/_data/file'), 'x'.repeat(123))
  const usage = async () => JSON.parse((await engine.request('GET', '/system/df')).body) as DiskUsageResult
  const rows = new Map((await usage()).Volumes?.map(({ Name, UsageData }) => [Name, UsageData]))
  assert.deepEqual(rows.get('plain'), { RefCount: 2, Size: 123 })
  assert.deepEqual(rows.get('kept'), { RefCount: 0, Size: 0 })
  const many = Array.from({ length: 30 }, (_, i) => `many-${i}`)
  for (const Name of many) await engine.client.volumeCreate({ Name })
  const removals = Promise.all(many.map((name) => engine.client.volumeRemove(name)))
  for (let i = 0; i < 5; i++) assert.ok((await usage()).Volumes?.some(({ Name }) => Name === anonymous))
  await removals
  assert.equal((await usage()).Volumes?.length, 4)
})

test('a volume is removed by descriptor: links in it lead nowhere, also when they are swapped in', async (t) => {
  const { engine, names } = await withVolumes(t)
  const host = path.join(engine.directory, 'host')
  const data = path.join(engine.directory, 'data/volumes/plain/_data')
  mkdirSync(host)
  writeFileSync(path.join(host, 'secret'), 'untouched')
  symlinkSync(host, path.join(data, 'link'))
  for (let i = 0; i < 2000; i++) mkdirSync(path.join(data, `d${i}`))
  const swapping = setInterval(() => {
    for (const name of readdirSync(path.join(engine.directory, 'data/volumes')).filter((x) => x.startsWith('.'))) {
      try {
        const folder = path.join(engine.directory, 'data/volumes', name, '_data')
        renameSync(path.join(folder, 'd0'), path.join(folder, 'away'))
        symlinkSync(host, path.join(folder, 'd0'))
      } catch {}
    }
  }, 1)
  await engine.client.volumeRemove('plain').catch((error: Error) => assert.match(error.message, /ENOTEMPTY/))
  clearInterval(swapping)
  assert.deepEqual(readdirSync(host), ['secret'])
  assert.equal((await names()).includes('plain'), false)
  // The next start finishes a removal that was cut short.
  await engine.restart()
  for (
    let tries = 0;
    readdirSync(path.join(engine.directory, 'data/volumes')).some((x) => x.startsWith('.'));
    tries++
  ) {
    assert.ok(tries < 1000, 'what was left is still there')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.equal(readFileSync(path.join(host, 'secret'), 'utf8'), 'untouched')
})

test('a volume of a container that is still being made is in use', async (t) => {
  const engine = await TestEngine.start(t)
  const users: string[][] = []
  const volumes = localVolumes({
    root: path.join(engine.directory, 'data/volumes'),
    events: createEventBus(),
    users: () => users,
  })
  const acquired = volumes.acquire('fresh', 'c1')
  assert.deepEqual((await volumes.prune({ all: ['true'] })).deleted, [])
  await acquired
  assert.deepEqual((await volumes.prune({ all: ['true'] })).deleted, [])
  await assert.rejects(volumes.remove('fresh', false), { code: 'conflict', message: 'remove fresh: volume is in use' })
  const { Name } = await volumes.acquire('', 'c1')
  users.push(['fresh', Name])
  volumes.settle('c1')
  assert.deepEqual((await volumes.prune({ all: ['true'] })).deleted, [])
  users.pop()
  await volumes.release('c1', [Name])
  assert.deepEqual(
    (await volumes.list({})).map((volume: Volume) => volume.Name),
    ['fresh'],
  )
  assert.deepEqual((await volumes.prune({ all: ['true'] })).deleted, ['fresh'])
})
