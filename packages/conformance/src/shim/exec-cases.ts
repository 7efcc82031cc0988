// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { Status } from '@teu/shim-api'
import { missingProgram, missingProgramText } from '../container/missing-program.ts'
import { until } from '../container/waiting.ts'
import type { ConformanceCase } from '../harness/suite.ts'
import type { ShimContext } from './context.ts'
import { refused } from './refused.ts'
import { type ShimTask, withTask } from './task.ts'

const sleeping = 'exec sleep 1000'
const crowd = 50

/** Adds a short process, starts it and waits for it; what was told of it on the way. */
async function runShort(task: ShimTask, index: number): Promise<{ execId: string; pid: number; status: number }> {
  const execId = `e${index}`
  await task.exec(execId, `exit ${index}`)
  const pid = await task.start(execId)
  return { execId, pid, status: await task.wait(execId) }
}

/** Kills the first process while others run: their exits must come before its own. */
function endWithExecs(context: ShimContext, hostPids: boolean): Promise<void> {
  const use = async (task: ShimTask) => {
    await task.start()
    for (const execId of ['e1', 'e2']) {
      await task.exec(execId, sleeping)
      await task.start(execId)
    }
    await task.kill(9)
    await task.wait()
    const names = ['exec-added', 'exec-started', 'exec-added', 'exec-started', 'exit', 'exit', 'exit']
    const events = await context.events.expect(task.id, ['create', 'start', ...names])
    assert.equal(events.at(-1)?.id, task.id)
  }
  return withTask(context, sleeping, use, { hostPids })
}

export const execCases: readonly ConformanceCase<ShimContext>[] = [
  {
    name: 'an exec is added, started, waited for and deleted, and its events come in this order',
    async run(context) {
      await withTask(context, sleeping, async (task) => {
        await task.start()
        const { out } = await task.exec('e1', 'hostname; exit 7')
        assert.equal(await task.status('e1'), Status.CREATED)
        const exit = task.wait('e1')
        const pid = await task.start('e1')
        assert.equal(await exit, 7)
        assert.equal((await out.whole).toString(), 'conformance\n')
        const { status, exitStatus } = await task.state('e1')
        assert.deepEqual([status, exitStatus], [Status.STOPPED, 7])
        const deleted = await task.delete('e1')
        assert.deepEqual([deleted.pid, deleted.exitStatus], [pid, 7])
        await refused(task.state('e1'), 'not-found')
        const events = await context.events.expect(task.id, ['create', 'start', 'exec-added', 'exec-started', 'exit'])
        assert.deepEqual([events[2]?.execId, events[3]?.execId, events[3]?.pid], ['e1', 'e1', pid])
        assert.deepEqual([events[4]?.id, events[4]?.pid, events[4]?.exitStatus], ['e1', pid, 7])
      })
    },
  },
  {
    name: 'an exec id that is taken is AlreadyExists',
    async run(context) {
      await withTask(context, sleeping, async (task) => {
        await task.start()
        await task.exec('e1', 'true')
        await refused(task.calls.exec({ id: task.id, execId: 'e1', spec: {} }), 'already-exists')
      })
    },
  },
  {
    name: 'an exec is killed alone, and not deleted while it runs',
    async run(context) {
      await withTask(context, sleeping, async (task) => {
        await task.start()
        await task.exec('e1', sleeping)
        await task.start('e1')
        await refused(task.delete('e1'), ['failed-precondition', 'unknown'], /running/)
        await task.kill(9, 'e1')
        assert.equal(await task.wait('e1'), 137)
        await refused(task.kill(9, 'e1'), 'not-found')
        assert.equal(await task.status(), Status.RUNNING)
      })
    },
  },
  {
    name: 'an exec of a program that is not there fails its start with its text',
    async run(context) {
      await withTask(context, sleeping, async (task) => {
        await task.start()
        await task.exec('e1', '', missingProgram)
        await refused(task.start('e1'), ['unknown', 'invalid-argument'], missingProgramText)
        assert.equal(await task.status(), Status.RUNNING)
      })
    },
  },
  {
    name: 'no exec starts in a container that has stopped',
    async run(context) {
      await withTask(context, 'exit 0', async (task) => {
        await task.start()
        await task.wait()
        const late = async () => {
          await task.exec('late', 'true')
          await task.start('late')
        }
        await refused(late(), ['failed-precondition', 'not-found', 'unknown'])
        assert.ok(!context.events.names(task.id).includes('exec-started'))
      })
    },
  },
  {
    name: 'fifty short processes each have their exit told once, after their start',
    async run(context) {
      await withTask(context, sleeping, async (task) => {
        await task.start()
        const runs: Awaited<ReturnType<typeof runShort>>[] = []
        for (let index = 0; index < crowd; index += 5)
          runs.push(...(await Promise.all([0, 1, 2, 3, 4].map((offset) => runShort(task, index + offset)))))
        assert.deepEqual(
          runs.map(({ status }) => status),
          runs.map((_, index) => index),
        )
        await task.kill(9)
        await task.wait()
        await task.delete()
        await until('the deletion is told', () => context.events.names(task.id).includes('delete'))
        await task.shutdown()
        const events = context.events.of(task.id)
        for (const { execId, pid, status } of runs) {
          const own = events.filter((event) => event.execId === execId || event.id === execId)
          assert.deepEqual(
            own.map((event) => event.name),
            ['exec-added', 'exec-started', 'exit'],
            execId,
          )
          assert.deepEqual([own[2]?.pid, own[2]?.exitStatus], [pid, status])
        }
        assert.equal(events.filter(({ name }) => name === 'exit').length, crowd + 1)
        assert.equal(events.at(-1)?.name, 'delete')
      })
    },
  },
  {
    name: 'the exit of the first process is the last to be told',
    run: (context) => endWithExecs(context, false),
  },
  {
    name: 'the exit of the first process is the last to be told in the pid namespace of the host too',
    run: (context) => endWithExecs(context, true),
  },
]
