// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { defaultConfig } from '../config/config.ts'
import { silentLogger } from '../log/logger.ts'
import { orderPlugins } from './graph.ts'
import { loadPlugins } from './load.ts'
import type { Plugin } from './plugin.ts'

const plugin = (type: string, id: string, requires: string[], start: Plugin['start'] = () => id): Plugin => ({
  key: { type, id },
  requires,
  start,
})
const base = { root: '/nowhere', state: '/nowhere', config: defaultConfig(), log: silentLogger }

test('each comes after all of the types that it requires', () => {
  const ordered = orderPlugins([
    plugin('c', '1', ['b']),
    plugin('b', '1', ['a']),
    plugin('a', '2', []),
    plugin('a', '1', []),
  ])
  assert.deepEqual(
    ordered.map(({ key }) => `${key.type}${key.id}`),
    ['a2', 'a1', 'b1', 'c1'],
  )
})

test('a circle and two of one name are refused', () => {
  assert.throws(() => orderPlugins([plugin('a', '1', ['b']), plugin('b', '1', ['a'])]), { code: 'invalid-argument' })
  assert.throws(() => orderPlugins([plugin('a', '1', []), plugin('a', '1', [])]), { code: 'invalid-argument' })
})

test('one that fails is a status, so are those that need it, and the rest runs', async () => {
  const key = { type: 'a', id: 'bad' }
  const plugins = [
    plugin('a', 'bad', [], () => {
      throw new Error('no such device')
    }),
    plugin('a', 'good', []),
    plugin('b', 'needs-bad', ['a'], ({ get }) => get(key)),
    plugin('b', 'needs-any', ['a'], ({ all }) => [...all('a').keys()]),
  ]
  await using loaded = await loadPlugins({ ...base, plugins })
  const failed = loaded.statuses().filter(({ initErr }) => initErr !== undefined)
  assert.deepEqual(
    failed.map(({ id }) => id),
    ['bad', 'needs-bad'],
  )
  assert.match(failed[0]!.initErr!.message, /no such device/)
  assert.deepEqual(loaded.get({ type: 'b', id: 'needs-any' }), ['good'])
  assert.throws(() => loaded.get(key), { message: 'no such device' })
  assert.throws(() => loaded.get({ type: 'b', id: 'missing' }), { code: 'unavailable' })
})

test('a disabled one is not there; the others are disposed of in the reverse order', async () => {
  const gone: string[] = []
  const disposable = (id: string) => () => ({ [Symbol.asyncDispose]: async () => void gone.push(id) })
  const plugins = [
    plugin('a', '1', [], disposable('a')),
    plugin('b', '1', ['a'], disposable('b')),
    plugin('b', '2', ['a'], disposable('disabled')),
  ]
  const config = { ...defaultConfig(), disabled_plugins: ['b.2'] }
  const loaded = await loadPlugins({ ...base, config, plugins })
  assert.deepEqual(
    loaded.statuses().map(({ type }) => type),
    ['a', 'b'],
  )
  await loaded[Symbol.asyncDispose]()
  assert.deepEqual(gone, ['b', 'a'])
})

test('a required plugin that is not there, is disabled or does not start keeps the daemon from starting', async () => {
  const bad = plugin('a', 'bad', [], () => {
    throw new Error('no such device')
  })
  const load = (changes: object) => loadPlugins({ ...base, config: { ...defaultConfig(), ...changes }, plugins: [bad] })
  await (await load({}))[Symbol.asyncDispose]()
  await assert.rejects(load({ required_plugins: ['b.gone'] }), {
    code: 'failed-precondition',
    message: 'required plugin b.gone is not included',
  })
  await assert.rejects(load({ required_plugins: ['a.bad'], disabled_plugins: ['a.bad'] }), {
    message: 'required plugin a.bad is not included',
  })
  await assert.rejects(load({ required_plugins: ['a.bad'] }), {
    code: 'failed-precondition',
    message: 'load required plugin a.bad: no such device',
  })
})
