// SPDX-License-Identifier: Apache-2.0
import { type ContainerdServices, parseFilters, type SnapshotInfo } from '@teu/containerd-api'
import { StackError } from '@teu/errors'
import type { EventPublisher } from '../events/exchange.ts'
import type { GcTrigger } from '../gc/scheduler.ts'
import { snapshotKinds } from '../snapshots/snapshot-driver.ts'
import type { SnapshotStore } from '../snapshots/snapshot-store.ts'
import { admitted } from './admitted.ts'
import { contextOf } from './context.ts'

const listBatch = 100
const kindNames: Readonly<Record<number, string>> = { 1: 'view', 2: 'active', 3: 'committed' }

/** What the snapshots service stands on. */
export interface SnapshotsServiceComponents {
  stores: ReadonlyMap<string, SnapshotStore>
  events: EventPublisher
  gc: GcTrigger
}

/** The Snapshots service over the stores of all snapshotters. */
export function snapshotsService({ stores, events, gc }: SnapshotsServiceComponents): ContainerdServices['snapshots'] {
  const storeOf = (snapshotter: string): SnapshotStore => {
    if (snapshotter === '') throw new StackError('invalid-argument', 'snapshotter argument missing: invalid argument')
    const store = stores.get(snapshotter)
    if (store === undefined)
      throw new StackError('invalid-argument', `snapshotter not loaded: ${snapshotter}: invalid argument`)
    return store
  }
  return {
    async prepare({ snapshotter, key, parent, labels }, options) {
      const { namespace, lease } = contextOf(options)
      const snapshot = { namespace, key, parent, labels, lease }
      const mounts = await storeOf(snapshotter).create(snapshotKinds.active, snapshot)
      events.publish(namespace, '/snapshot/prepare', 'SnapshotPrepare', { key, parent, snapshotter })
      return { mounts }
    },
    async view({ snapshotter, key, parent, labels }, options) {
      const { namespace, lease } = contextOf(options)
      const snapshot = { namespace, key, parent, labels, lease }
      const mounts = await storeOf(snapshotter).create(snapshotKinds.view, snapshot)
      events.publish(namespace, '/snapshot/prepare', 'SnapshotPrepare', { key, parent, snapshotter })
      return { mounts }
    },
    async mounts({ snapshotter, key }, options) {
      return { mounts: storeOf(snapshotter).mounts(contextOf(options).namespace, key) }
    },
    async commit({ snapshotter, key, name, labels, parent }, options) {
      const { namespace, lease } = contextOf(options)
      await storeOf(snapshotter).commit(namespace, key, name, labels, parent, lease)
      events.publish(namespace, '/snapshot/commit', 'SnapshotCommit', { key, name, snapshotter })
      return {}
    },
    async remove({ snapshotter, key }, options) {
      const { namespace } = contextOf(options)
      await storeOf(snapshotter).remove(namespace, key)
      gc.deleted()
      events.publish(namespace, '/snapshot/remove', 'SnapshotRemove', { key, snapshotter })
      return {}
    },
    async stat({ snapshotter, key }, options) {
      return { info: storeOf(snapshotter).info(contextOf(options).namespace, key) }
    },
    async update({ snapshotter, info, updateMask }, options) {
      const { namespace } = contextOf(options)
      const store = storeOf(snapshotter)
      const updated = await store.updateLabels(namespace, info?.name ?? '', info?.labels ?? {}, updateMask ?? [])
      gc.dirty()
      return { info: updated }
    },
    async *list({ snapshotter, filters }, options) {
      const { namespace, signal } = contextOf(options)
      const { records } = storeOf(snapshotter)
      const filter = parseFilters(filters)
      const found = await admitted(records.list(namespace, filter), filter, fieldsOf, signal)
      for (let at = 0; at < found.length; at += listBatch) yield { info: found.slice(at, at + listBatch) }
    },
    async usage({ snapshotter, key }, options) {
      const { size, inodes } = await storeOf(snapshotter).usage(contextOf(options).namespace, key)
      return { size: BigInt(size), inodes: BigInt(inodes) }
    },
    async cleanup({ snapshotter }, options) {
      contextOf(options)
      await storeOf(snapshotter).removeOrphans()
      return {}
    },
  }
}

function fieldsOf({ name, parent, kind, labels }: SnapshotInfo) {
  return { name, parent, kind: kindNames[kind], labels }
}
