// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { type Any, ContainerCreate, ImageUpdate, NamespaceCreate, SnapshotCommit } from '@teu/containerd-api'
import type { ConformanceCase } from '../harness/suite.ts'
import { digestOf } from './blobs.ts'
import type { ContainerdContext } from './context.ts'
import { EventLog } from './event-log.ts'
import { refused } from './refused.ts'
import type { Wire } from './wire.ts'

const mediaType = 'application/vnd.oci.image.manifest.v1+json'
const target = { mediaType, digest: digestOf('x'), size: 1n }

/** Keeps from collection what is under no lease here. */
const root = { 'containerd.io/gc.root': 'conformance' }

/** Makes one of everything and takes it away again. */
async function liveAndDie(calls: Wire, { snapshotter, runtime }: ContainerdContext): Promise<void> {
  await calls.images.create({ image: { name: 'i', target } })
  await calls.images.update({ image: { name: 'i', labels: { a: '1' } }, updateMask: ['labels.a'] })
  await calls.snapshots.prepare({ snapshotter, key: 'k', labels: root })
  await calls.snapshots.commit({ snapshotter, key: 'k', name: 'n', labels: root })
  const container = { id: 'c', runtime: { name: runtime }, spec: { typeUrl: 'x' } }
  await calls.containers.create({ container })
  await calls.containers.update({ container: { ...container, image: 'i' }, updateMask: ['image'] })
  await calls.containers.delete({ id: 'c' })
  await calls.snapshots.remove({ snapshotter, key: 'n' })
  await calls.images.delete({ name: 'i' })
}

const life = [
  '/images/create',
  '/images/update',
  '/snapshot/prepare',
  '/snapshot/commit',
  '/containers/create',
  '/containers/update',
  '/containers/delete',
  '/snapshot/remove',
  '/images/delete',
]

/** The one event of a topic, opened. */
function opened<T>(log: EventLog, topic: string, type: string, codec: { decode(bytes: Uint8Array): T }): T {
  const [envelope, ...more] = log.envelopes.filter((event) => event.topic === topic)
  assert.ok(envelope?.event && more.length === 0, `one ${topic}`)
  assert.equal(envelope.event.typeUrl, type)
  return codec.decode(envelope.event.value)
}

export const eventCases: readonly ConformanceCase<ContainerdContext>[] = [
  {
    name: 'changes are told as events, in their order, with what they are about',
    async run(containerd) {
      await containerd.withNamespace(async (calls, namespace) => {
        using log = await EventLog.open(calls, [`namespace==${namespace},topic~=^/(images|snapshot|containers)/`])
        await liveAndDie(calls, containerd)
        await log.expect(life)
        assert.ok(log.envelopes.every((event) => event.namespace === namespace && event.timestamp))
        const update = opened(log, '/images/update', 'containerd.services.images.v1.ImageUpdate', ImageUpdate)
        assert.deepEqual([update.name, update.labels], ['i', { a: '1' }])
        const commit = opened(log, '/snapshot/commit', 'containerd.events.SnapshotCommit', SnapshotCommit)
        assert.deepEqual([commit.key, commit.name], ['k', 'n'])
        const create = opened(log, '/containers/create', 'containerd.events.ContainerCreate', ContainerCreate)
        assert.deepEqual([create.id, create.runtime?.name], ['c', containerd.runtime])
      })
    },
  },
  {
    name: 'events of namespaces are told in the namespace that they are about',
    async run(containerd) {
      const name = containerd.name('ns')
      using log = await EventLog.open(containerd.calls, [`namespace==${name}`])
      const calls = containerd.in(name)
      await calls.namespaces.create({ namespace: { name, labels: { a: '1' } } })
      await calls.namespaces.update({ namespace: { name, labels: { a: '2' } }, updateMask: ['labels.a'] })
      await calls.namespaces.delete({ name })
      await log.expect(['/namespaces/create', '/namespaces/update', '/namespaces/delete'])
      const create = opened(log, '/namespaces/create', 'containerd.events.NamespaceCreate', NamespaceCreate)
      assert.deepEqual([create.name, create.labels], [name, { a: '1' }])
    },
  },
  {
    name: 'a subscription gets what its filters admit, by topic, namespace and field',
    async run(containerd) {
      await containerd.withNamespace(async (calls, namespace) => {
        using topics = await EventLog.open(calls, [`namespace==${namespace},topic~=|^/images/|`])
        using either = await EventLog.open(calls, [
          `namespace==${namespace},topic=="/snapshot/remove"`,
          `namespace==${namespace},topic=="/images/delete"`,
        ])
        using fields = await EventLog.open(calls, [`namespace==${namespace},event.id==c`])
        using elsewhere = await EventLog.open(calls, ['namespace==nobody'])
        await liveAndDie(calls, containerd)
        await topics.expect(life.filter((topic) => topic.startsWith('/images/')))
        await either.expect(['/snapshot/remove', '/images/delete'])
        await fields.expect(['/containers/create', '/containers/update', '/containers/delete'])
        assert.deepEqual(elsewhere.topics, [])
      })
    },
  },
  {
    name: 'nothing is told twice, to those who came later or at once to many',
    async run(containerd) {
      await containerd.withNamespace(async (calls, namespace) => {
        const filters = [`namespace==${namespace},topic~=^/images/`]
        using early = await EventLog.open(calls, filters)
        using beside = await EventLog.open(calls, filters)
        await calls.images.create({ image: { name: 'one', target } })
        await early.expect(['/images/create'])
        using late = await EventLog.open(calls, filters)
        await calls.images.delete({ name: 'one' })
        await late.expect(['/images/delete'])
        await early.expect(['/images/create', '/images/delete'])
        await beside.expect(['/images/create', '/images/delete'])
      })
    },
  },
  {
    name: 'events are published and forwarded by clients as well',
    async run(containerd) {
      await containerd.withNamespace(async (calls, namespace) => {
        const event: Any = { typeUrl: 'example.Happening', value: Buffer.from('bytes of theirs') }
        using log = await EventLog.open(calls, [`namespace==${namespace}`])
        await calls.events.publish({ topic: '/example/published', event })
        const timestamp = { seconds: 1_700_000_000n, nanos: 5 }
        await calls.events.forward({ envelope: { timestamp, namespace, topic: '/example/forwarded', event } })
        await log.expect(['/example/published', '/example/forwarded'])
        assert.deepEqual(
          log.envelopes.map((envelope) => envelope.event?.value.toString()),
          ['bytes of theirs', 'bytes of theirs'],
        )
        assert.deepEqual(log.envelopes[1]?.timestamp, timestamp)
        await refused(calls.events.publish({ topic: 'no/slash', event }), 'INVALID_ARGUMENT')
        await refused(calls.events.publish({ topic: '', event }), 'INVALID_ARGUMENT')
      })
    },
  },
]
