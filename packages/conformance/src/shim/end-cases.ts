// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { DeleteResponse } from '@teu/shim-api'
import { until } from '../container/waiting.ts'
import type { ConformanceCase } from '../harness/suite.ts'
import type { ShimContext } from './context.ts'
import { type ShimTask, withTask } from './task.ts'

/** Runs the delete action, which must succeed; its answer. */
async function deleteBundle(task: ShimTask): Promise<DeleteResponse> {
  const { status, stdout, stderr } = await task.deleteAction()
  assert.equal(status, 0, `delete: ${stderr}`)
  return DeleteResponse.decode(stdout)
}

export const endCases: readonly ConformanceCase<ShimContext>[] = [
  {
    name: 'shutdown is ignored while containers remain, and then takes process and socket away',
    async run(context) {
      await withTask(context, 'exec sleep 1000', async (task, pid) => {
        const shimPid = await task.shimPid()
        await task.start()
        await task.calls.shutdown({ id: task.id })
        assert.equal((await task.state()).pid, pid)
        await task.kill(9)
        await task.wait()
        await task.calls.shutdown({ id: task.id })
        assert.equal((await task.state()).exitStatus, 137)
        await task.delete()
        await context.events.expect(task.id, ['create', 'start', 'exit', 'delete'])
        await task.shutdown()
        await until('the shim ends', () => !existsSync(`/proc/${shimPid}`))
      })
    },
  },
  {
    name: 'the delete action after a normal end has nothing to do, as often as it is asked',
    async run(context) {
      await withTask(context, 'exit 0', async (task) => {
        await task.start()
        await task.wait()
        await task.delete()
        await task.shutdown()
        await deleteBundle(task)
        await deleteBundle(task)
      })
    },
  },
  {
    name: 'after a shim was killed, the delete action ends the container and tells 137, as often as it is asked',
    async run(context) {
      await withTask(context, 'exec sleep 1000', async (task, pid) => {
        const shimPid = await task.shimPid()
        await task.start()
        process.kill(shimPid, 'SIGKILL')
        await task.client.closed
        assert.ok(existsSync(`/proc/${pid}`), 'the container went with its shim')
        const { exitStatus, exitedAt } = await deleteBundle(task)
        assert.equal(exitStatus, 137)
        assert.ok((exitedAt?.seconds ?? 0n) > 1_600_000_000n)
        await until('the container ends', () => !existsSync(`/proc/${pid}`))
        assert.deepEqual(context.mounts(), [])
        await deleteBundle(task)
      })
    },
  },
  {
    name: 'after a shim was killed before the start, the delete action removes the container as well',
    async run(context) {
      await withTask(context, 'exec sleep 1000', async (task, pid) => {
        process.kill(await task.shimPid(), 'SIGKILL')
        await task.client.closed
        await deleteBundle(task)
        await until('the container ends', () => !existsSync(`/proc/${pid}`))
        assert.deepEqual(context.mounts(), [])
      })
    },
  },
]
