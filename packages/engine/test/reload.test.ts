// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { TestEngine } from './doubles/test-engine.ts'

test('a reload changes what info and new containers show, and is an event', async (t) => {
  const engine = await TestEngine.start(t)
  const options = {
    labels: ['tier=x'],
    debug: true,
    defaultShmSize: 1 << 20,
    defaultRuntime: 'mine',
    runtimes: { mine: { path: '/bin/mine' } },
    registryAccess: { insecureRegistries: ['r.example:5000'], registryMirrors: [] },
  }
  assert.deepEqual(engine.reload(options).sort(), [
    'debug',
    'default-runtime',
    'default-shm-size',
    'insecure-registries',
    'labels',
    'runtimes',
  ])
  const { Labels, Debug, DefaultRuntime, Runtimes, ID } = await engine.client.info()
  assert.deepEqual([Labels, Debug, DefaultRuntime], [['tier=x'], true, 'mine'])
  assert.ok('mine' in Runtimes)
  const { HostConfig } = await engine.client.containerInspect(await engine.create(['sleep']))
  assert.deepEqual([HostConfig.ShmSize, HostConfig.Runtime], [1 << 20, 'mine'])
  for await (const { Type, Action, Actor } of await engine.client.events({
    since: '0',
    filters: { type: ['daemon'] },
  })) {
    assert.deepEqual([Type, Action, Actor.ID, Actor.Attributes.debug], ['daemon', 'reload', ID, 'true'])
    assert.equal(Actor.Attributes['insecure-registries'], '["r.example:5000"]')
    break
  }
  assert.deepEqual(engine.reload(options), [])
})

test('a reload with a runtime that does not exist changes nothing', async (t) => {
  const engine = await TestEngine.start(t)
  const before = await engine.client.info()
  assert.throws(() => engine.reload({ labels: ['a=b'], defaultRuntime: 'nosuch' }), {
    code: 'invalid-argument',
    message: 'unknown or invalid runtime name: nosuch',
  })
  const after = await engine.client.info()
  assert.deepEqual([after.Labels, after.DefaultRuntime], [before.Labels, before.DefaultRuntime])
})
