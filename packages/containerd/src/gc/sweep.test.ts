// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { timestampNow } from '@teu/containerd-api'
import { MetadataDatabase } from '../metadata/database.ts'
import { ImageStore } from '../metadata/images.ts'
import { LeaseStore } from '../metadata/leases.ts'
import { NamespaceStore } from '../metadata/namespaces.ts'
import { findGarbage, type GarbageItem } from './garbage.ts'
import { sweep } from './sweep.ts'
import { WriteBarrier } from './write-barrier.ts'

const digest = (letter: string) => `sha256:${letter.repeat(64)}`

async function store(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'teu-sweep-'))
  const database = await MetadataDatabase.open(join(folder, 'meta.db'))
  t.after(async () => {
    await database[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })
  const namespaces = new NamespaceStore(database)
  const barrier = new WriteBarrier(database)
  const addBlob = (letter: string, labels = {}) =>
    database.writeNow(() =>
      database.run('INSERT INTO content VALUES (?, ?, 1, ?, 1, 1)', 'n', digest(letter), JSON.stringify(labels)),
    )
  const addSnapshot = (name: string, parent: number | null, labels = {}) =>
    database.writeNow(() => {
      const sql = `INSERT INTO snapshots (snapshotter, namespace, name, kind, parent, labels, created_at, updated_at)
        VALUES ('native', 'n', ?, 3, ?, ?, 1, 1)`
      return database.run(sql, name, parent, JSON.stringify(labels)).lastId
    })
  /** Finds garbage, lets `between` write, and sweeps; returns what is left. */
  const collect = async (between: () => unknown) => {
    barrier.begin()
    const { items } = findGarbage(database, Date.now())
    await between()
    const removed: GarbageItem[] = []
    await sweep({ database, barrier, items, signal: never, onRemoved: (item) => removed.push(item) })
    barrier.end()
    const rows = database.all('SELECT digest AS name FROM content UNION SELECT name FROM snapshots ORDER BY name')
    return { removed, left: rows.map(({ name }) => String(name).slice(0, 8)) }
  }
  return { database, namespaces, leases: new LeaseStore(database, namespaces), addBlob, addSnapshot, collect }
}

const never = new AbortController().signal
const named = (...letters: string[]) => letters.map((letter) => `sha256:${letter}`)

test('garbage goes, and is told of', async (t) => {
  const { addBlob, addSnapshot, collect } = await store(t)
  addBlob('a')
  addBlob('b', { 'containerd.io/gc.root': '' })
  addSnapshot('top', addSnapshot('base', null))
  const { removed, left } = await collect(() => {})
  assert.deepEqual(left, named('b'))
  assert.deepEqual(
    removed.map(({ kind }) => kind),
    ['blob', 'snapshot', 'snapshot'],
  )
})

const chain = { 'containerd.io/gc.ref.content.l.0': digest('b'), 'containerd.io/gc.ref.snapshot.native': 'top' }

const writes: Record<string, (parts: Awaited<ReturnType<typeof store>>) => unknown> = {
  'an image': ({ database, namespaces }) => {
    const target = { mediaType: 'x/y', digest: digest('a'), size: 1n, annotations: {} }
    const now = timestampNow()
    const image = { name: 'i', labels: {}, target, createdAt: now, updatedAt: now }
    return new ImageStore(database, namespaces).create('n', image)
  },
  'a lease with the blob': async ({ leases }) => {
    await leases.create('n', 'l', {})
    await leases.addResource('n', 'l', { type: 'content', id: digest('a') })
  },
  'a label of the lease': ({ leases }) => leases.create('n', 'l', { 'containerd.io/gc.ref.content': digest('a') }),
  'a new label of the blob': ({ database }) =>
    database.writeNow(() =>
      database.run(
        'UPDATE content SET labels = ? WHERE digest = ?',
        JSON.stringify({ ...chain, 'containerd.io/gc.root': '' }),
        digest('a'),
      ),
    ),
  'a blob with a label': ({ addBlob }) => addBlob('d', { 'containerd.io/gc.ref.content': digest('a') }),
}

for (const [what, write] of Object.entries(writes))
  test(`${what}, written after the look at the rows, spares what it refers to and what that refers to`, async (t) => {
    const parts = await store(t)
    parts.addBlob('a', chain)
    parts.addBlob('b')
    parts.addBlob('c')
    parts.addSnapshot('top', parts.addSnapshot('base', null))
    const { left } = await parts.collect(() => write(parts))
    assert.deepEqual(
      left.filter((name) => name !== 'sha256:d'),
      ['base', ...named('a', 'b'), 'top'],
    )
  })

test('a snapshot that gets a child after the look at the rows stays, with its parents', async (t) => {
  const { addSnapshot, collect } = await store(t)
  const base = addSnapshot('base', null)
  const top = addSnapshot('top', base)
  addSnapshot('other', base)
  assert.deepEqual((await collect(() => addSnapshot('new', top))).left, ['base', 'new', 'top'])
  assert.deepEqual((await collect(() => {})).left, [])
})

test('a container spares the snapshot that it names', async (t) => {
  const { database, addSnapshot, collect } = await store(t)
  addSnapshot('top', addSnapshot('base', null))
  const insert = `INSERT INTO containers VALUES ('n', 'c', '', '{}', 'native', 'top', x'')`
  assert.deepEqual((await collect(() => database.writeNow(() => database.run(insert)))).left, ['base', 'top'])
})

test('a collection removes a lease that has ended and the content that it alone held', async (t) => {
  const { leases, addBlob, collect, database } = await store(t)
  addBlob('a')
  await leases.create('n', 'l', { 'containerd.io/gc.expire': new Date(Date.now() - 1000).toISOString() })
  await leases.addResource('n', 'l', { type: 'content', id: digest('a') })
  assert.deepEqual((await collect(() => {})).left, [])
  assert.deepEqual(database.all('SELECT * FROM leases'), [])
  assert.deepEqual(database.all('SELECT * FROM lease_resources'), [])
})

test('a parent that is younger than its child, as after a rebase, goes with it', async (t) => {
  const { database, addSnapshot, collect } = await store(t)
  const child = addSnapshot('child', null)
  const parent = addSnapshot('parent', null)
  database.writeNow(() => database.run('UPDATE snapshots SET parent = ? WHERE id = ?', parent, child))
  const { removed, left } = await collect(() => {})
  assert.deepEqual(left, [])
  assert.deepEqual(
    removed.map((item) => item.kind === 'snapshot' && item.name),
    ['child', 'parent'],
  )
})
