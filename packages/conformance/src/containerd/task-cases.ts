// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { TaskDelete, TaskExit, TaskStatus } from '@teu/containerd-api'
import { missingProgram, missingProgramText } from '../container/missing-program.ts'
import type { ConformanceCase } from '../harness/suite.ts'
import type { ContainerdContext } from './context.ts'
import { EventLog } from './event-log.ts'
import { refused } from './refused.ts'
import { Task, withTask } from './task.ts'

/** What a runtime's failure is: its text is what callers look at. */
const failures = ['UNKNOWN', 'INVALID_ARGUMENT'] as const

export const taskCases: readonly ConformanceCase<ContainerdContext>[] = [
  {
    name: 'a task is created, runs, stops with its exit code, and is deleted',
    async run(containerd) {
      await withTask(containerd, 'echo out; echo err >&2; exit 42', async (task, pid) => {
        assert.ok(pid > 0)
        const { status, pid: told, containerId, stdout } = (await task.get()) ?? {}
        assert.deepEqual([status, told, stdout], [TaskStatus.CREATED, pid, task.streams.stdout])
        assert.ok(containerId === task.id || containerId === '', `container ${containerId}`)
        const exit = task.wait()
        assert.equal(await task.start(), pid)
        assert.equal(await exit, 42)
        assert.equal(await task.wait(), 42)
        const stopped = await task.get()
        assert.deepEqual([stopped?.status, stopped?.exitStatus], [TaskStatus.STOPPED, 42])
        assert.ok((stopped?.exitedAt?.seconds ?? 0n) > 1_600_000_000n)
        assert.deepEqual((await task.streams.output.whole).toString().split('\n').sort(), ['', 'err', 'out'])
        const deleted = await task.delete()
        assert.deepEqual([deleted.pid, deleted.exitStatus], [pid, 42])
        await refused(task.get(), 'NOT_FOUND')
      })
    },
  },
  {
    name: 'the events of a task come in order, with its exit in them',
    async run(containerd) {
      const task = await Task.prepare(containerd, 'exit 3', {})
      try {
        using log = await EventLog.open(containerd.calls, [`topic~=^/tasks/,event.container_id==${task.id}`])
        const pid = await task.create()
        await task.start()
        await task.wait()
        await task.delete()
        await log.expect(['/tasks/create', '/tasks/start', '/tasks/exit', '/tasks/delete'])
        const exit = TaskExit.decode(log.envelopes[2]?.event?.value ?? Buffer.alloc(0))
        assert.deepEqual([exit.containerId, exit.id, exit.pid, exit.exitStatus], [task.id, task.id, pid, 3])
        const end = TaskDelete.decode(log.envelopes[3]?.event?.value ?? Buffer.alloc(0))
        assert.deepEqual([end.containerId, end.pid, end.exitStatus], [task.id, pid, 3])
      } finally {
        await task.remove()
      }
    },
  },
  {
    name: 'a signal ends a task with 128 and its number, and then finds nobody',
    async run(containerd) {
      await withTask(containerd, 'exec sleep 1000', async (task) => {
        await task.start()
        assert.equal(await task.status(), TaskStatus.RUNNING)
        await task.kill(9)
        assert.equal(await task.wait(), 137)
        await refused(task.kill(9), 'NOT_FOUND')
      })
    },
  },
  {
    name: 'a task that was not started is killed and deleted as well',
    async run(containerd) {
      await withTask(containerd, 'exec sleep 1000', async (task) => {
        await task.kill(9)
        assert.equal(await task.wait(), 137)
        await task.delete()
        await refused(task.get(), 'NOT_FOUND')
      })
    },
  },
  {
    name: 'a task is created once, not deleted while it runs, and created again after that',
    async run(containerd) {
      await withTask(containerd, 'exec sleep 1000', async (task) => {
        await refused(task.create(), 'ALREADY_EXISTS')
        await task.start()
        await refused(task.delete(), ['FAILED_PRECONDITION', 'UNKNOWN'], /running/)
        assert.equal(await task.status(), TaskStatus.RUNNING)
        await task.kill(9)
        await task.wait()
        await task.delete()
        assert.ok((await task.create(task.makeStreams('again', false))) > 0)
      })
    },
  },
  {
    name: 'the refusal to delete what runs is FailedPrecondition',
    async run(containerd) {
      await withTask(containerd, 'exec sleep 1000', async (task) => {
        await task.start()
        await refused(task.delete(), 'FAILED_PRECONDITION')
      })
    },
  },
  {
    name: 'what is not there is NotFound: containers, tasks, processes',
    async run(containerd) {
      const { tasks } = containerd.calls
      const containerId = containerd.name('absent')
      await refused(tasks.create({ containerId }), 'NOT_FOUND')
      await refused(tasks.get({ containerId }), 'NOT_FOUND')
      await refused(tasks.start({ containerId }), 'NOT_FOUND')
      await refused(tasks.kill({ containerId, signal: 9 }), 'NOT_FOUND')
      await refused(tasks.wait({ containerId }), 'NOT_FOUND')
      await refused(tasks.delete({ containerId }), 'NOT_FOUND')
      await refused(tasks.pause({ containerId }), 'NOT_FOUND')
      await refused(tasks.listPids({ containerId }), 'NOT_FOUND')
      await withTask(containerd, 'exec sleep 1000', async (task) => {
        await task.start()
        await refused(task.get('x'), 'NOT_FOUND')
        await refused(task.start('x'), 'NOT_FOUND')
        await refused(task.wait('x'), 'NOT_FOUND')
        await refused(task.deleteProcess('x'), 'NOT_FOUND')
        await refused(task.kill(9, 'x'), 'NOT_FOUND')
      })
    },
  },
  {
    name: 'a program that is not there fails the creation with its text, and leaves no task',
    async run(containerd) {
      const task = await Task.prepare(containerd, '', { program: missingProgram })
      try {
        await refused(task.create(), failures, missingProgramText)
        await refused(task.get(), 'NOT_FOUND')
        await refused(task.create(), failures, /executable file not found/)
      } finally {
        await task.remove()
      }
    },
  },
  {
    name: 'pause stops a task and resume lets it go on',
    requires: ['pause'],
    async run(containerd) {
      const task = await Task.prepare(containerd, 'exec sleep 1000', {})
      try {
        using log = await EventLog.open(containerd.calls, [
          `topic~="^/tasks/(paused|resumed)",event.container_id==${task.id}`,
        ])
        await task.create()
        await task.start()
        await containerd.calls.tasks.pause({ containerId: task.id })
        assert.equal(await task.status(), TaskStatus.PAUSED)
        await containerd.calls.tasks.resume({ containerId: task.id })
        assert.equal(await task.status(), TaskStatus.RUNNING)
        await log.expect(['/tasks/paused', '/tasks/resumed'])
      } finally {
        await task.remove()
      }
    },
  },
  {
    name: 'tasks are listed in their namespace alone',
    async run(containerd) {
      await withTask(containerd, 'exec sleep 1000', async (task, pid) => {
        await task.start()
        const listed = (await containerd.calls.tasks.list()).tasks.filter(({ id }) => id === task.id)
        assert.deepEqual(
          listed.map(({ status, pid: told }) => [status, told]),
          [[TaskStatus.RUNNING, pid]],
        )
        await containerd.withNamespace(async (calls) => {
          assert.deepEqual((await calls.tasks.list()).tasks, [])
          await refused(calls.tasks.get({ containerId: task.id }), 'NOT_FOUND')
        })
      })
    },
  },
  {
    name: 'metrics are of the tasks that the filters name',
    async run(containerd) {
      await withTask(containerd, 'exec sleep 1000', async (task) => {
        await task.start()
        const { metrics } = await containerd.calls.tasks.metrics({ filters: [`id==${task.id}`] })
        assert.deepEqual(
          metrics.map(({ id }) => id),
          [task.id],
        )
        assert.match(metrics[0]?.data?.typeUrl ?? '', /^io\.containerd\.cgroups\.v[12]\.Metrics$/)
        assert.ok((metrics[0]?.data?.value.length ?? 0) > 0)
        assert.deepEqual((await containerd.calls.tasks.metrics({ filters: ['id==absent'] })).metrics, [])
      })
    },
  },
]
