// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { ConformanceCase } from '../harness/suite.ts'
import { digestOf } from './blobs.ts'
import type { ContainerdContext } from './context.ts'
import { collect, refused } from './refused.ts'
import type { Wire } from './wire.ts'

/** The lists that are streams. */
function namespacedStreams(calls: Wire, snapshotter: string): (() => Promise<unknown>)[] {
  return [
    () => collect(calls.content.list()),
    () => collect(calls.snapshots.list({ snapshotter })),
    () => collect(calls.containers.listStream()),
  ]
}

/** One harmless call of every service that lives in namespaces. */
function namespacedCalls(calls: Wire, snapshotter: string): (() => Promise<unknown>)[] {
  return [
    () => calls.content.info({ digest: digestOf('') }),
    () => calls.images.list(),
    () => calls.containers.list(),
    () => calls.snapshots.stat({ snapshotter, key: 'x' }),
    () => calls.tasks.list(),
    () => calls.leases.list(),
  ]
}

export const serverCases: readonly ConformanceCase<ContainerdContext>[] = [
  {
    name: 'the version is told without a namespace',
    async run(containerd) {
      assert.match((await containerd.with({}).version.version()).version, /^v?\d+\.\d+/)
    },
  },
  {
    name: 'the health service says that it serves',
    async run(containerd) {
      assert.equal((await containerd.with({}).health.check()).status, 1)
    },
  },
  {
    name: 'the server has an identity that stays',
    async run(containerd) {
      const { uuid } = await containerd.with({}).introspection.server()
      assert.match(uuid, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      assert.equal((await containerd.with({}).introspection.server()).uuid, uuid)
    },
  },
  {
    name: 'plugins are listed by filters, and the snapshotter is one without an error',
    async run(containerd) {
      const { introspection } = containerd.with({})
      const { plugins: all } = await introspection.plugins()
      const filters = [`type==io.containerd.snapshotter.v1,id==${containerd.snapshotter}`]
      const { plugins } = await introspection.plugins({ filters })
      assert.deepEqual(
        plugins.map(({ type, id, initErr }) => [type, id, initErr]),
        [['io.containerd.snapshotter.v1', containerd.snapshotter, undefined]],
      )
      assert.ok(all.length > plugins.length && all.some(({ type }) => type === 'io.containerd.content.v1'))
      assert.ok(plugins[0]?.platforms.some(({ os }) => os === 'linux'))
    },
  },
  {
    name: 'a call without a namespace is FailedPrecondition in every service that needs one',
    async run(containerd) {
      for (const call of namespacedCalls(containerd.with({}), containerd.snapshotter))
        await refused(call(), 'FAILED_PRECONDITION', /namespace is required/)
    },
  },
  {
    name: 'a namespace outside the grammar is InvalidArgument',
    async run(containerd) {
      for (const name of ['../up', 'a b', '-a', 'a--b-', 'x'.repeat(77)])
        for (const call of namespacedCalls(containerd.in(name), containerd.snapshotter))
          await refused(call(), 'INVALID_ARGUMENT')
    },
  },
  {
    name: 'the same rules of namespaces hold for lists that are streams',
    async run(containerd) {
      for (const call of namespacedStreams(containerd.with({}), containerd.snapshotter))
        await refused(call(), 'FAILED_PRECONDITION', /namespace is required/)
      for (const call of namespacedStreams(containerd.in('../up'), containerd.snapshotter))
        await refused(call(), 'INVALID_ARGUMENT')
    },
  },
  {
    name: 'unknown services and methods are Unimplemented',
    requires: ['socket'],
    async run(containerd) {
      for (const path of ['/containerd.services.none.v1.None/Get', '/containerd.services.images.v1.Images/Paint'])
        assert.equal((await containerd.unknown(path))?.code, 12, path)
    },
  },
]
