// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { DeleteResponse } from '@teu/shim-api'
import type { ConformanceCase } from '../harness/suite.ts'
import { Bundle } from './bundle.ts'
import { runShim } from './call-shim.ts'
import type { ShimContext } from './context.ts'
import { ShimTask, withTask } from './task.ts'

export const bootstrapCases: readonly ConformanceCase<ShimContext>[] = [
  {
    name: 'start answers where the shim listens: a socket that nobody else may use',
    async run(context) {
      await withTask(context, 'exec sleep 1000', async (task) => {
        assert.ok(statSync(task.socket).isSocket())
        assert.equal(statSync(task.socket).mode & 0o077, 0)
        assert.ok((await task.shimPid()) > 0)
      })
    },
  },
  {
    name: 'a containerd that says which versions it speaks is answered in one of them',
    async run(context) {
      const env = { MAX_SHIM_VERSION: '2', NAMESPACE: 'conformance', GRPC_ADDRESS: context.address }
      const task = await ShimTask.start(context, await Bundle.create(context, 'exit 4'), env)
      try {
        await task.create()
        await task.start()
        assert.equal(await task.wait(), 4)
      } finally {
        await task.remove()
      }
    },
  },
  {
    name: 'the bundle keeps the address for a containerd that comes back',
    async run(context) {
      await withTask(context, 'exec sleep 1000', async ({ bundle, socket }) => {
        assert.equal(readFileSync(path.join(bundle.folder, 'address'), 'utf8').trim(), `unix://${socket}`)
      })
    },
  },
  {
    name: 'a second start for the same task answers the same address',
    async run(context) {
      await withTask(context, 'exec sleep 1000', async (task) => {
        const again = await ShimTask.start(context, task.bundle)
        assert.equal(again.socket, task.socket)
        assert.equal(await again.shimPid(), await task.shimPid())
        again.client.close()
      })
    },
  },
  {
    name: 'tasks of one group have one shim, which stays for the last of them',
    async run(context) {
      const annotations = { 'io.containerd.runc.v2.group': context.name('group') }
      const use = async (one: ShimTask, pid: number) => {
        const bundle = await Bundle.create(context, 'exit 5', { annotations, namespace: one.bundle.namespace })
        const other = await ShimTask.start(context, bundle)
        assert.equal(other.socket, one.socket)
        assert.notEqual(await other.create(), pid)
        await other.start()
        assert.equal(await other.wait(), 5)
        await other.delete()
        await other.calls.shutdown({ id: other.id })
        assert.equal((await one.state()).pid, pid)
        await context.events.expect(other.id, ['create', 'start', 'exit', 'delete'])
        other.client.close()
      }
      await withTask(context, 'exec sleep 1000', use, { annotations })
    },
  },
  {
    name: 'tasks without a group have a shim each, whose death is that of one task',
    async run(context) {
      const use = async (one: ShimTask, pid: number) => {
        const bundle = await Bundle.create(context, 'exec sleep 1000', { namespace: one.bundle.namespace })
        const other = await ShimTask.start(context, bundle)
        assert.notEqual(other.socket, one.socket)
        await other.create()
        await other.start()
        process.kill(await other.shimPid(), 'SIGKILL')
        await other.client.closed
        const { status, stdout, stderr } = await other.deleteAction()
        assert.equal(status, 0, stderr)
        assert.equal(DeleteResponse.decode(stdout).exitStatus, 137)
        assert.equal((await one.state()).pid, pid)
      }
      await withTask(context, 'exec sleep 1000', use)
    },
  },
  {
    name: 'a start without a namespace fails and says so',
    async run(context) {
      const { id, folder: bundle } = await Bundle.create(context, 'true')
      const { shim: program, address, options } = context
      const run = { program, action: 'start', namespace: '', id, bundle, address, options } as const
      const { status, stdout, stderr } = await runShim(run)
      assert.ok(status !== 0 && status !== null)
      assert.match(`${stdout}${stderr}`, /namespace/)
    },
  },
]
