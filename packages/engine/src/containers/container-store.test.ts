// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test from 'node:test'
import { codeOf } from '@teu/errors'
import { OutputHub } from '../io/output-hub.ts'
import { noneDriver } from '../logs/none-driver.ts'
import { Container, type ContainerRecord } from './container.ts'
import { ContainerList } from './container-list.ts'
import { ContainerStore } from './container-store.ts'

function record(id: string, name: string): ContainerRecord {
  return { id, name, config: {}, hostConfig: {}, state: { status: 'created' } } as unknown as ContainerRecord
}

function container(id: string, name: string): Container {
  const log = noneDriver.open({ containerId: id, directory: '', options: {}, labels: {}, env: [] })
  return new Container(record(id, name), log, new OutputHub(log))
}

test('records survive closing, in both ways of saving', (t) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'teu-store-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'sub', 'engine.db')
  {
    using store = new ContainerStore(file)
    store.save(record('a', 'one'), 'durable')
    store.save(record('b', 'two'), 'kept')
    store.save(record('a', 'renamed'), 'kept')
    assert.throws(() => store.save(record('c', 'two'), 'durable'), /UNIQUE/)
    store.save(record('d', 'gone'), 'kept')
    store.remove('d')
  }
  using again = new ContainerStore(file)
  assert.deepEqual(
    again.load().map(({ id, name }) => [id, name]),
    [
      ['a', 'renamed'],
      ['b', 'two'],
    ],
  )
})

test('a database of a newer engine is refused and left alone', (t) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'teu-store-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'engine.db')
  new ContainerStore(file)[Symbol.dispose]()
  const newer = new DatabaseSync(file)
  newer.exec('PRAGMA user_version = 99')
  newer.close()
  assert.throws(
    () => new ContainerStore(file),
    (error) => codeOf(error) === 'failed-precondition',
  )
})

test('containers are found by id, name and unique prefix', () => {
  const list = new ContainerList()
  const first = container(`aa${'0'.repeat(62)}`, 'web')
  const second = container(`ab${'0'.repeat(62)}`, 'aa')
  list.add(first)
  list.add(second)
  assert.equal(list.find(first.id), first)
  assert.equal(list.find('/web'), first)
  assert.equal(list.find('ab'), second)
  // A name goes before a prefix.
  assert.equal(list.find('aa'), second)
  assert.throws(() => list.find('a'), /multiple IDs found with provided prefix: a/)
  for (const missing of ['', '..', 'AB', 'nosuch', `${first.id}0`]) {
    assert.throws(
      () => list.find(missing),
      (error) => codeOf(error) === 'not-found',
      missing,
    )
  }
})

test('a name belongs to one container', () => {
  const list = new ContainerList()
  list.reserveName('web', 'a')
  assert.throws(
    () => list.reserveName('web', 'b'),
    /^StackError: Conflict\. The container name "\/web" is already in use by container "a"\. You have to remove \(or rename\)/,
  )
  list.releaseName('web')
  list.reserveName('web', 'b')
})
