// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import type { ConformanceCase } from '../harness/suite.ts'
import { addBlob, blobsOf, digestOf } from './blobs.ts'
import type { ContainerdContext } from './context.ts'
import { collect, refused } from './refused.ts'
import type { Wire } from './wire.ts'

const root = { 'containerd.io/gc.root': 'conformance' }
const mediaType = 'application/vnd.oci.image.manifest.v1+json'

/** Lets the collector run now: a lease that is deleted in step with it. */
async function collectGarbage(calls: Wire): Promise<void> {
  const { lease } = await calls.leases.create({ labels: { purpose: 'collect' } })
  await calls.leases.delete({ id: lease?.id ?? '', sync: true })
}

/** A committed snapshot of nothing. */
async function addSnapshot(calls: Wire, snapshotter: string, name: string, labels: Record<string, string> = {}) {
  await calls.snapshots.prepare({ snapshotter, key: `${name}-key`, labels: root })
  await calls.snapshots.commit({ snapshotter, key: `${name}-key`, name, labels })
}

async function snapshotNames(calls: Wire, snapshotter: string): Promise<string[]> {
  const lists = await collect(calls.snapshots.list({ snapshotter }))
  return lists.flatMap(({ info }) => info.map(({ name }) => name)).sort()
}

export const leaseCases: readonly ConformanceCase<ContainerdContext>[] = [
  {
    name: 'a lease has the id that it is given, or one that is made up, and is deleted once',
    async run(containerd) {
      const { leases } = containerd.calls
      const id = containerd.name('lease')
      const { lease } = await leases.create({ id, labels: { a: '1' } })
      assert.deepEqual([lease?.id, lease?.labels], [id, { a: '1' }])
      await refused(leases.create({ id }), 'ALREADY_EXISTS')
      const named = (await leases.list({ filters: [`id==${id}`] })).leases
      assert.deepEqual(
        named.map((listed) => [listed.id, listed.labels]),
        [[id, { a: '1' }]],
      )
      const { lease: other } = await leases.create({ labels: { set: id } })
      assert.ok(other?.id && other.id !== id)
      assert.deepEqual(
        (await leases.list({ filters: [`labels.set==${id}`] })).leases.map((listed) => listed.id),
        [other.id],
      )
      for (const known of [id, other.id]) {
        await leases.delete({ id: known })
        await refused(leases.delete({ id: known }), 'NOT_FOUND')
      }
    },
  },
  {
    name: 'resources are added to a lease, listed and taken from it',
    async run(containerd) {
      const { leases } = containerd.calls
      const id = containerd.name('lease')
      await leases.create({ id })
      const content = { id: digestOf('leased'), type: 'content' }
      const snapshot = { id: 'leased', type: `snapshots/${containerd.snapshotter}` }
      for (const resource of [content, snapshot]) await leases.addResource({ id, resource })
      const resources = async () => (await leases.listResources({ id })).resources.map(({ type }) => type).sort()
      assert.deepEqual(await resources(), [content.type, snapshot.type])
      await leases.deleteResource({ id, resource: content })
      assert.deepEqual(await resources(), [snapshot.type])
      await leases.delete({ id })
      await refused(leases.listResources({ id }), 'NOT_FOUND')
      await refused(leases.addResource({ id, resource: content }), 'NOT_FOUND')
    },
  },
  {
    name: 'a resource of a kind that is none is refused',
    async run(containerd) {
      const { leases } = containerd.calls
      const id = containerd.name('lease')
      await leases.create({ id })
      const resource = { id: 'x', type: 'umbrellas' }
      await refused(leases.addResource({ id, resource }), ['INVALID_ARGUMENT', 'UNIMPLEMENTED'])
      await leases.delete({ id })
    },
  },
  {
    name: 'what a call makes under a lease belongs to it; a lease that is not there is NotFound',
    async run(containerd) {
      await containerd.withNamespace(async (calls, namespace) => {
        await calls.leases.create({ id: 'owner' })
        const leased = containerd.in(namespace, 'owner')
        const digest = await addBlob(leased, 'leased')
        await leased.snapshots.prepare({ snapshotter: containerd.snapshotter, key: 'leased' })
        const { resources } = await calls.leases.listResources({ id: 'owner' })
        assert.deepEqual(resources.map(({ type, id }) => `${type} ${id}`).sort(), [
          `content ${digest}`,
          `snapshots/${containerd.snapshotter} leased`,
        ])
        await refused(addBlob(containerd.in(namespace, 'absent'), 'homeless'), 'NOT_FOUND')
      })
    },
  },
  {
    name: 'content and snapshots that nothing leads to are collected, with the lease that held them',
    async run(containerd) {
      const { snapshotter } = containerd
      await containerd.withNamespace(async (calls, namespace) => {
        await calls.leases.create({ id: 'holder' })
        const leased = containerd.in(namespace, 'holder')
        const held = await addBlob(leased, 'held')
        const rooted = await addBlob(calls, 'rooted', root)
        await addSnapshot(leased, snapshotter, 'held')
        await addSnapshot(calls, snapshotter, 'rooted', root)
        await collectGarbage(calls)
        assert.deepEqual(await blobsOf(calls), [held, rooted].sort())
        assert.deepEqual(await snapshotNames(calls, snapshotter), ['held', 'rooted'])
        await calls.leases.delete({ id: 'holder', sync: true })
        assert.deepEqual(await blobsOf(calls), [rooted])
        assert.deepEqual(await snapshotNames(calls, snapshotter), ['rooted'])
      })
    },
  },
  {
    name: 'an image keeps what its labels lead to: content, and from there snapshots and their parents',
    async run(containerd) {
      const { snapshotter } = containerd
      await containerd.withNamespace(async (calls, namespace) => {
        await calls.leases.create({ id: 'pull' })
        const pull = containerd.in(namespace, 'pull')
        await addSnapshot(pull, snapshotter, 'lower')
        await pull.snapshots.prepare({ snapshotter, key: 'upper-key', parent: 'lower' })
        await pull.snapshots.commit({ snapshotter, key: 'upper-key', name: 'upper' })
        const config = await addBlob(pull, 'config', { [`containerd.io/gc.ref.snapshot.${snapshotter}`]: 'upper' })
        const layer = await addBlob(pull, 'layer')
        const manifest = await addBlob(pull, 'manifest', {
          'containerd.io/gc.ref.content.config': config,
          'containerd.io/gc.ref.content.l.0': layer,
        })
        await calls.images.create({ image: { name: 'kept', target: { mediaType, digest: manifest, size: 8n } } })
        await calls.leases.delete({ id: 'pull', sync: true })
        assert.deepEqual(await blobsOf(calls), [config, layer, manifest].sort())
        assert.deepEqual(await snapshotNames(calls, snapshotter), ['lower', 'upper'])
        await calls.images.delete({ name: 'kept', sync: true })
        assert.deepEqual(await blobsOf(calls), [])
        assert.deepEqual(await snapshotNames(calls, snapshotter), [])
      })
    },
  },
  {
    name: 'a container keeps its snapshot',
    async run(containerd) {
      const { snapshotter, runtime } = containerd
      await containerd.withNamespace(async (calls) => {
        await calls.containers.create({
          container: {
            id: 'keeper',
            runtime: { name: runtime },
            spec: { typeUrl: 'x' },
            snapshotter,
            snapshotKey: 'own',
          },
        })
        await calls.snapshots.prepare({ snapshotter, key: 'own' })
        await calls.snapshots.prepare({ snapshotter, key: 'stray' })
        await collectGarbage(calls)
        assert.deepEqual(await snapshotNames(calls, snapshotter), ['own'])
      })
    },
  },
  {
    name: 'a lease that has expired holds nothing',
    async run(containerd) {
      await containerd.withNamespace(async (calls, namespace) => {
        // Seconds are what the shortest form of the label has.
        const expire = new Date(Date.now() + 2000).toISOString().replace(/\.\d+/, '')
        await calls.leases.create({ id: 'brief', labels: { 'containerd.io/gc.expire': expire } })
        await addBlob(containerd.in(namespace, 'brief'), 'brief')
        await delay(Date.parse(expire) - Date.now() + 100)
        await collectGarbage(calls)
        assert.deepEqual(await blobsOf(calls), [])
      })
    },
  },
  {
    name: 'garbage of one namespace is not what another holds',
    async run(containerd) {
      await containerd.withNamespace(async (one) => {
        await containerd.withNamespace(async (other) => {
          const digest = await addBlob(one, 'in both', root)
          await addBlob(other, 'in both')
          await collectGarbage(other)
          assert.deepEqual(await blobsOf(other), [])
          assert.deepEqual(await blobsOf(one), [digest])
        })
      })
    },
  },
]
