// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Container, type ContainerdServices, inNamespace, writeBlob } from '@teu/containerd-api'
import { createContainerd } from '../src/index.ts'
import { addBlob, digestOf, inTest, startDaemon } from './daemon.ts'

const spec = { typeUrl: 'types.containerd.io/opencontainers/runtime-spec/1/Spec', value: Buffer.from('{}') }
const container = (fields: Partial<Container>) =>
  Container.fromPartial({ id: 'c', runtime: { name: 'io.containerd.runc.v2' }, spec, ...fields } as never)
const target = (digest: string) => ({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest,
  size: 1n,
  annotations: {},
})
const image = (name: string, digest: string, labels = {}) => ({
  name,
  labels,
  target: target(digest),
  createdAt: undefined,
  updatedAt: undefined,
})
const someDigest = digestOf(Buffer.from('x'))

async function blobs({ content }: ContainerdServices, options = inTest): Promise<string[]> {
  const found: string[] = []
  for await (const { info } of content.list({ filters: [] }, options)) found.push(...info.map(({ digest }) => digest))
  return found
}

test('an image is made once, changed by its mask, and listed by filters', async (t) => {
  const { services } = await startDaemon(t)
  const { images } = services
  const events = services.events.subscribe({ filters: ['topic~=^/images/'] }, {})[Symbol.asyncIterator]()
  await images.create(
    { image: image('docker.io/library/a:1', someDigest, { x: '1' }), sourceDateEpoch: undefined },
    inTest,
  )
  await assert.rejects(
    images.create({ image: image('docker.io/library/a:1', someDigest), sourceDateEpoch: undefined }, inTest),
    { code: 'already-exists' },
  )
  for (const bad of [
    image('', someDigest),
    image('b', 'sha256:x'),
    { ...image('b', someDigest), target: { ...target(someDigest), size: 0n } },
    { ...image('b', someDigest), target: undefined },
  ])
    await assert.rejects(images.create({ image: bad, sourceDateEpoch: undefined }, inTest), {
      code: 'invalid-argument',
    })
  const changed = await images.update(
    {
      image: image('docker.io/library/a:1', digestOf(Buffer.from('y')), { x: '', z: '2' }),
      updateMask: ['labels.x', 'labels.z'],
      sourceDateEpoch: undefined,
    },
    inTest,
  )
  assert.deepEqual({ ...changed.image?.labels }, { z: '2' })
  assert.equal(changed.image?.target?.digest, someDigest)
  await assert.rejects(
    images.update(
      { image: image('docker.io/library/a:1', someDigest), updateMask: ['name'], sourceDateEpoch: undefined },
      inTest,
    ),
    { code: 'invalid-argument' },
  )
  await images.create({ image: image('b', someDigest), sourceDateEpoch: undefined }, inTest)
  const names = async (filters: string[]) => (await images.list({ filters }, inTest)).images.map(({ name }) => name)
  assert.deepEqual(await names(['name~=library']), ['docker.io/library/a:1'])
  assert.deepEqual(await names(['labels.z==2', 'name==b']), ['b', 'docker.io/library/a:1'])
  assert.deepEqual((await images.list({ filters: [] }, inNamespace('other'))).images, [])
  await images.delete({ name: 'b', sync: true, target: undefined }, inTest)
  await assert.rejects(images.get({ name: 'b' }, inTest), { code: 'not-found', message: /image "b": not found/ })
  const topics: (string | undefined)[] = []
  for (let i = 0; i < 4; i++) topics.push((await events.next()).value?.topic)
  assert.deepEqual(topics, ['/images/create', '/images/update', '/images/create', '/images/delete'])
})

test('a container record keeps what cannot change', async (t) => {
  const { services } = await startDaemon(t)
  const { containers } = services
  const { container: made } = await containers.create(
    { container: container({ labels: { a: '1' }, extensions: { e: spec } }) },
    inTest,
  )
  assert.equal(made?.runtime?.name, 'io.containerd.runc.v2')
  await assert.rejects(containers.create({ container: container({}) }, inTest), { code: 'already-exists' })
  for (const bad of [
    { id: '../x' },
    { spec: undefined },
    { runtime: undefined },
    { snapshotKey: 'k' },
    { labels: { a: 'x'.repeat(5000) } },
  ])
    await assert.rejects(containers.create({ container: container({ id: 'd', ...bad } as never) }, inTest), {
      code: 'invalid-argument',
    })
  const update = (fields: Partial<Container>, updateMask?: string[]) =>
    containers.update({ container: container(fields), updateMask }, inTest)
  await assert.rejects(update({}, ['runtime']), { code: 'invalid-argument' })
  await assert.rejects(update({ runtime: { name: 'other', options: undefined } }), { code: 'invalid-argument' })
  await assert.rejects(update({ id: 'missing' }), { code: 'not-found' })
  const masked = await update({ labels: { b: '2' }, image: 'i', extensions: { f: spec } }, [
    'labels.b',
    'extensions.f',
    'image',
  ])
  assert.deepEqual(masked.container?.labels, { a: '1', b: '2' })
  assert.deepEqual(Object.keys(masked.container!.extensions), ['e', 'f'])
  const found = []
  for await (const { container } of containers.listStream({ filters: ['runtime.name~=runc'] }, inTest))
    found.push(container?.image)
  assert.deepEqual(found, ['i'])
  await containers.delete({ id: 'c' }, inTest)
  await assert.rejects(containers.delete({ id: 'c' }, inTest), { code: 'not-found' })
})

test('a namespace is made by the first write, and deleted only when it is empty', async (t) => {
  const daemon = await startDaemon(t)
  const { namespaces } = daemon.services
  await addBlob(daemon, Buffer.from('x'))
  assert.deepEqual(
    (await namespaces.list({ filter: '' })).namespaces.map(({ name }) => name),
    ['test'],
  )
  await assert.rejects(namespaces.delete({ name: 'test' }), { code: 'failed-precondition', message: /blobs/ })
  await namespaces.create({ namespace: { name: 'n', labels: { a: '1' } } })
  await assert.rejects(namespaces.create({ namespace: { name: 'n', labels: {} } }), { code: 'already-exists' })
  await assert.rejects(namespaces.create({ namespace: { name: 'n/m', labels: {} } }), { code: 'invalid-argument' })
  const { namespace } = await namespaces.update({
    namespace: { name: 'n', labels: { a: '', b: '2' } },
    updateMask: ['labels.a', 'labels.b'],
  })
  assert.deepEqual({ ...namespace?.labels }, { b: '2' })
  await namespaces.delete({ name: 'n' })
  await assert.rejects(namespaces.delete({ name: 'n' }), { code: 'not-found' })
  assert.deepEqual((await namespaces.get({ name: 'n' })).namespace, { name: 'n', labels: {} })
})

test('garbage is what no image, lease, root or label leads to', async (t) => {
  const { services } = await startDaemon(t)
  const { content, images, leases } = services
  const add = async (text: string, labels: Record<string, string> = {}, lease?: string) => {
    const source = async function* () {
      yield Buffer.from(text)
    }
    const options = inNamespace('test', { lease })
    return (await writeBlob(content, { ref: text, labels }, source(), options)).digest
  }
  const { lease } = await leases.create({ id: '', labels: {} }, inTest)
  const id = lease!.id
  const layer = await add('layer', {}, id)
  const manifest = await add('manifest', { 'containerd.io/gc.ref.content.l.0': layer }, id)
  const leased = await add('leased', {}, id)
  const rooted = await add('rooted', { 'containerd.io/gc.root': 'now' }, id)
  await images.create({ image: image('i', manifest), sourceDateEpoch: undefined }, inTest)
  const held = (await leases.listResources({ id }, inTest)).resources.map((resource) => resource.id)
  assert.deepEqual(held.sort(), [layer, manifest, leased, rooted].sort())
  await leases.delete({ id, sync: true }, inTest)
  assert.deepEqual((await blobs(services)).sort(), [layer, manifest, rooted].sort())
  await images.delete({ name: 'i', sync: true, target: undefined }, inTest)
  assert.deepEqual(await blobs(services), [rooted])
  await assert.rejects(leases.listResources({ id }, inTest), { code: 'not-found' })
  await assert.rejects(add('x', {}, 'no-such-lease'), { code: 'not-found' })
})

test('a lease that has expired holds nothing, and a time that is none is refused', async (t) => {
  const { services } = await startDaemon(t)
  const { leases, content } = services
  await assert.rejects(leases.create({ id: 'bad', labels: { 'containerd.io/gc.expire': 'soon' } }, inTest), {
    code: 'invalid-argument',
  })
  // Says whether it was quicker than the lease, which a loaded machine may not be.
  const heldFor = async (ms: number) => {
    const [id, expire] = [`brief-${ms}`, Date.now() + ms]
    const labels = { 'containerd.io/gc.expire': new Date(expire).toISOString() }
    await leases.create({ id, labels }, inTest)
    const source = async function* () {
      yield Buffer.from(id)
    }
    try {
      await writeBlob(content, { ref: id }, source(), inNamespace('test', { lease: id }))
      await services.leases.create({ id: `trigger-${ms}`, labels: {} }, inTest)
      await services.leases.delete({ id: `trigger-${ms}`, sync: true }, inTest)
      assert.ok((await blobs(services)).length > 0)
    } catch (error) {
      if (Date.now() >= expire) return false
      throw error
    }
    return true
  }
  for (let ms = 700; !(await heldFor(ms)); ms *= 2);
  const until = Date.now() + 30_000
  while ((await blobs(services)).length > 0) {
    assert.ok(Date.now() < until, 'the blob of the expired lease stays')
    await sleep(100)
  }
})

test('one root has one daemon, and a newer database is left alone', async (t) => {
  const daemon = await startDaemon(t)
  const options = { root: join(daemon.folder, 'root'), state: join(daemon.folder, 'state2') }
  await assert.rejects(createContainerd(options), { code: 'failed-precondition', message: /another daemon/ })
  assert.equal((await stat(join(daemon.folder, 'root'))).mode & 0o777, 0o700)
  assert.equal((await stat(join(daemon.folder, 'state'))).mode & 0o777, 0o711)
})

test('a database of a newer daemon stops the start, with its data untouched', async (t) => {
  const daemon = await startDaemon(t)
  const digest = await addBlob(daemon, Buffer.from('x'))
  const file = join(daemon.folder, 'root/io.containerd.metadata.v1.bolt/meta.db')
  const database = new DatabaseSync(file)
  const { user_version: own } = database.prepare('PRAGMA user_version').get() as { user_version: number }
  database.exec('PRAGMA user_version = 99')
  database.close()
  await assert.rejects(daemon.restart(), { code: 'failed-precondition', message: /schema 99/ })
  const back = new DatabaseSync(file)
  back.exec(`PRAGMA user_version = ${own}`)
  back.close()
  const { services } = await daemon.restart()
  assert.deepEqual(await blobs(services), [digest])
})
