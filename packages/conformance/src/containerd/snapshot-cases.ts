// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { SnapshotKind } from '@teu/containerd-api'
import type { Draft } from '../harness/draft.ts'
import type { ConformanceCase } from '../harness/suite.ts'
import type { ContainerdContext } from './context.ts'
import { insideMounts } from './mounts.ts'
import { collect, refused } from './refused.ts'

/** The snapshot calls of the run, with its snapshotter filled in. */
function snapshotsOf({ calls: { snapshots }, snapshotter }: ContainerdContext) {
  return {
    prepare: async (key: string, parent = '', labels: Record<string, string> = {}) =>
      (await snapshots.prepare({ snapshotter, key, parent, labels })).mounts,
    view: async (key: string, parent = '') => (await snapshots.view({ snapshotter, key, parent })).mounts,
    commit: (name: string, key: string) => snapshots.commit({ snapshotter, name, key }),
    remove: (key: string) => snapshots.remove({ snapshotter, key }),
    mounts: async (key: string) => (await snapshots.mounts({ snapshotter, key })).mounts,
    stat: async (key: string) => (await snapshots.stat({ snapshotter, key })).info,
    usage: (key: string) => snapshots.usage({ snapshotter, key }),
    update: async (
      info: Draft<{ name: string; parent: string; labels: Record<string, string> }>,
      updateMask: string[],
    ) => (await snapshots.update({ snapshotter, info, updateMask })).info,
    list: async (...filters: string[]) =>
      (await collect(snapshots.list({ snapshotter, filters })))
        .flatMap(({ info }) => info.map(({ name }) => name))
        .sort(),
  }
}

export const snapshotCases: readonly ConformanceCase<ContainerdContext>[] = [
  {
    name: 'a snapshot is prepared, committed, and the parent of others',
    async run(containerd) {
      const snapshots = snapshotsOf(containerd)
      const [key, name, child] = [containerd.name('key'), containerd.name('base'), containerd.name('child')]
      const mounts = await snapshots.prepare(key, '', { a: '1' })
      assert.ok(mounts.length > 0)
      assert.deepEqual(await snapshots.mounts(key), mounts)
      const active = await snapshots.stat(key)
      assert.deepEqual([active?.kind, active?.parent, active?.labels], [SnapshotKind.ACTIVE, '', { a: '1' }])
      await snapshots.commit(name, key)
      await refused(snapshots.stat(key), 'NOT_FOUND')
      assert.equal((await snapshots.stat(name))?.kind, SnapshotKind.COMMITTED)
      await snapshots.prepare(child, name)
      assert.equal((await snapshots.stat(child))?.parent, name)
    },
  },
  {
    name: 'what is written through the mounts is in the children, and only in theirs',
    async run(containerd) {
      const snapshots = snapshotsOf(containerd)
      const [key, name, child, view] = ['key', 'base', 'child', 'view'].map((kind) => containerd.name(kind)) as Keys
      await insideMounts(await snapshots.prepare(key), 'echo below >file; mkdir folder')
      await snapshots.commit(name, key)
      const above = await snapshots.prepare(child, name)
      assert.equal(await insideMounts(above, 'cat file; echo above >file; ls -d folder'), 'below\nfolder\n')
      assert.equal(await insideMounts(await snapshots.view(view, name), 'cat file'), 'below\n')
      assert.equal(await insideMounts(await snapshots.mounts(child), 'cat file'), 'above\n')
    },
  },
  {
    name: 'a view is read-only and cannot be committed',
    async run(containerd) {
      const snapshots = snapshotsOf(containerd)
      const [key, name, view] = ['key', 'base', 'view'].map((kind) => containerd.name(kind)) as Keys
      await snapshots.prepare(key)
      await snapshots.commit(name, key)
      const mounts = await snapshots.view(view, name)
      assert.equal((await snapshots.stat(view))?.kind, SnapshotKind.VIEW)
      assert.match(await insideMounts(mounts, 'echo x 2>/dev/null >file || echo refused'), /^refused$/m)
      await refused(snapshots.commit(containerd.name('never'), view), ['FAILED_PRECONDITION', 'INVALID_ARGUMENT'])
    },
  },
  {
    name: 'keys and names that are taken are AlreadyExists',
    async run(containerd) {
      const snapshots = snapshotsOf(containerd)
      const [key, name] = [containerd.name('key'), containerd.name('base')]
      await snapshots.prepare(key)
      await refused(snapshots.prepare(key), 'ALREADY_EXISTS')
      await refused(snapshots.view(key), 'ALREADY_EXISTS')
      await snapshots.commit(name, key)
      await snapshots.prepare(key)
      await refused(snapshots.commit(name, key), 'ALREADY_EXISTS')
      await refused(snapshots.prepare(name), 'ALREADY_EXISTS')
    },
  },
  {
    name: 'what is not there is NotFound',
    async run(containerd) {
      const snapshots = snapshotsOf(containerd)
      const absent = containerd.name('absent')
      await refused(snapshots.prepare(containerd.name('key'), absent), 'NOT_FOUND')
      await refused(snapshots.view(containerd.name('key'), absent), 'NOT_FOUND')
      for (const call of [snapshots.stat, snapshots.mounts, snapshots.remove, snapshots.usage])
        await refused(call(absent), 'NOT_FOUND')
      await refused(snapshots.commit(containerd.name('never'), absent), 'NOT_FOUND')
    },
  },
  {
    name: 'a parent must be committed, and what is committed has no mounts',
    async run(containerd) {
      const snapshots = snapshotsOf(containerd)
      const [key, name] = [containerd.name('key'), containerd.name('base')]
      await snapshots.prepare(key)
      await refused(snapshots.prepare(containerd.name('child'), key), ['FAILED_PRECONDITION', 'INVALID_ARGUMENT'])
      await snapshots.commit(name, key)
      await refused(snapshots.mounts(name), ['FAILED_PRECONDITION', 'NOT_FOUND'])
    },
  },
  {
    name: 'a snapshot with children is not removed until they are',
    async run(containerd) {
      const snapshots = snapshotsOf(containerd)
      const [key, name, child] = ['key', 'base', 'child'].map((kind) => containerd.name(kind)) as Keys
      await snapshots.prepare(key)
      await snapshots.commit(name, key)
      await snapshots.prepare(child, name)
      await refused(snapshots.remove(name), 'FAILED_PRECONDITION')
      await snapshots.remove(child)
      await snapshots.remove(name)
      await refused(snapshots.stat(name), 'NOT_FOUND')
    },
  },
  {
    name: 'snapshots are listed by parent, kind and label',
    async run(containerd) {
      const snapshots = snapshotsOf(containerd)
      const [key, name, child] = ['key', 'base', 'child'].map((kind) => containerd.name(kind)) as Keys
      await snapshots.prepare(key)
      await snapshots.commit(name, key)
      await snapshots.prepare(child, name, { mark: name })
      assert.deepEqual(await snapshots.list(`parent==${name}`), [child])
      assert.deepEqual(await snapshots.list(`labels.mark==${name}`), [child])
      assert.deepEqual(await snapshots.list(`name==${name}`, `name==${child}`), [name, child].sort())
      assert.ok((await snapshots.list('kind==committed')).includes(name))
      assert.ok(!(await snapshots.list('kind==active')).includes(name))
    },
  },
  {
    name: "a snapshot's labels change, its parent does not; its usage is its own",
    async run(containerd) {
      const snapshots = snapshotsOf(containerd)
      const key = containerd.name('key')
      await insideMounts(await snapshots.prepare(key, '', { a: '1' }), 'dd if=/dev/zero of=file bs=1024 count=100')
      const info = await snapshots.update({ name: key, labels: { a: '', b: '2' } }, ['labels.a', 'labels.b'])
      assert.deepEqual(info?.labels, { b: '2' })
      await refused(snapshots.update({ name: key, parent: 'x' }, ['parent']), 'INVALID_ARGUMENT')
      const { size, inodes } = await snapshots.usage(key)
      assert.ok(size >= 100n * 1024n && size < 400n * 1024n && inodes >= 1n, `${size} bytes, ${inodes} inodes`)
    },
  },
  {
    name: 'an unknown snapshotter is InvalidArgument',
    async run({ calls }) {
      await refused(calls.snapshots.prepare({ snapshotter: 'none', key: 'x' }), 'INVALID_ARGUMENT')
      await refused(calls.snapshots.stat({ snapshotter: 'none', key: 'x' }), 'INVALID_ARGUMENT')
    },
  },
]

type Keys = [string, string, string, string]
