// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { ProcessDetails, packJson, Status } from '@teu/shim-api'
import { missingProgram, missingProgramText } from '../container/missing-program.ts'
import type { ConformanceCase } from '../harness/suite.ts'
import type { ShimContext } from './context.ts'
import { refused } from './refused.ts'
import type { ShimCalls } from './shim-calls.ts'
import { withShim, withTask } from './task.ts'

const sleeping = 'exec sleep 1000'

/** Every call on one process must be NotFound. */
async function refuseAbsent(calls: ShimCalls, absent: { id: string; execId?: string }): Promise<void> {
  for (const verb of ['state', 'start', 'wait', 'delete'] as const) await refused(calls[verb](absent), 'not-found')
  await refused(calls.kill({ ...absent, signal: 9 }), 'not-found')
  await refused(calls.resizePty({ ...absent, width: 1, height: 1 }), 'not-found')
  await refused(calls.closeIO({ ...absent, stdin: true }), 'not-found')
}

export const lifeCases: readonly ConformanceCase<ShimContext>[] = [
  {
    name: 'a task is created, started, exits and is deleted, each told by an event in this order',
    async run(context) {
      await withTask(context, 'exit 42', async (task, pid) => {
        assert.ok(pid > 0)
        assert.equal(await task.start(), pid)
        assert.equal(await task.wait(), 42)
        const { pid: last, exitStatus, exitedAt } = await task.delete()
        assert.deepEqual([last, exitStatus], [pid, 42])
        assert.ok((exitedAt?.seconds ?? 0n) > 1_600_000_000n)
        const events = await context.events.expect(task.id, ['create', 'start', 'exit', 'delete'])
        assert.deepEqual(
          events.map((event) => event.pid),
          [pid, pid, pid, pid],
        )
        assert.ok(events.every(({ namespace }) => namespace === task.bundle.namespace))
        assert.deepEqual([events[2]?.id, events[2]?.exitStatus, events[3]?.exitStatus], [task.id, 42, 42])
      })
    },
  },
  {
    name: 'state tells the bundle, the streams, the pid, and the end',
    async run(context) {
      await withTask(context, 'exit 3', async (task, pid) => {
        const { bundle } = task
        const created = await task.state()
        assert.deepEqual([created.id, created.bundle, created.pid], [task.id, bundle.folder, pid])
        assert.deepEqual([created.status, created.exitStatus, created.terminal], [Status.CREATED, 0, false])
        assert.deepEqual([created.stdout, created.stderr], [bundle.streams.stdout, bundle.streams.stderr])
        await task.start()
        await task.wait()
        const stopped = await task.state()
        assert.deepEqual([stopped.status, stopped.exitStatus, stopped.pid], [Status.STOPPED, 3, pid])
        assert.ok(stopped.exitedAt)
      })
    },
  },
  {
    name: 'wait is answered by the exit, before the start and after the end',
    async run(context) {
      await withTask(context, 'exit 9', async (task) => {
        const early = task.calls.wait({ id: task.id })
        await task.start()
        const told = await early
        assert.equal(told.exitStatus, 9)
        assert.deepEqual(await task.calls.wait({ id: task.id }), told)
      })
    },
  },
  {
    name: 'a signal ends a task with 128 and its number, and then finds nobody',
    async run(context) {
      await withTask(context, sleeping, async (task) => {
        await task.start()
        assert.equal(await task.status(), Status.RUNNING)
        await task.kill(9)
        assert.equal(await task.wait(), 137)
        await refused(task.kill(9), 'not-found')
      })
    },
  },
  {
    name: 'a signal that a process takes is its own affair',
    async run(context) {
      const script = 'trap "exit 17" TERM; echo ready; while :; do sleep 0.05; done'
      await withTask(context, script, async (task) => {
        await task.start()
        while (!task.bundle.streams.out.text().includes('ready'))
          await new Promise((resolve) => setTimeout(resolve, 10))
        await task.kill(15)
        assert.equal(await task.wait(), 17)
      })
    },
  },
  {
    name: 'a task that was not started is killed and deleted as well',
    async run(context) {
      await withTask(context, sleeping, async (task) => {
        await task.kill(9)
        assert.equal(await task.wait(), 137)
        assert.equal((await task.delete()).exitStatus, 137)
        await refused(task.state(), 'not-found')
      })
    },
  },
  {
    name: 'the root file system is mounted by create and unmounted by delete',
    async run(context) {
      await withTask(context, sleeping, async (task) => {
        assert.deepEqual(context.mounts(), [`${task.bundle.folder}/rootfs`])
        await task.kill(9)
        await task.wait()
        await task.delete()
        assert.deepEqual(context.mounts(), [])
      })
    },
  },
  {
    name: 'what runs is not deleted',
    async run(context) {
      await withTask(context, sleeping, async (task) => {
        await task.start()
        await refused(task.delete(), ['failed-precondition', 'unknown'], /running/)
        assert.equal(await task.status(), Status.RUNNING)
      })
    },
  },
  {
    name: 'the refusal to delete what runs is FailedPrecondition',
    async run(context) {
      await withTask(context, sleeping, async (task) => {
        await task.start()
        await refused(task.delete(), 'failed-precondition')
      })
    },
  },
  {
    name: 'a container that is not there is NotFound',
    async run(context) {
      await withTask(context, sleeping, async ({ calls }) => {
        await refuseAbsent(calls, { id: 'absent' })
        await refused(calls.pids({ id: 'absent' }), 'not-found')
        await refused(calls.pause({ id: 'absent' }), 'not-found')
        await refused(calls.resume({ id: 'absent' }), 'not-found')
        await refused(calls.stats({ id: 'absent' }), 'not-found')
        await refused(calls.exec({ id: 'absent', execId: 'x' }), 'not-found')
      })
    },
  },
  {
    name: 'a process that is not there is NotFound',
    run: (context) => withTask(context, sleeping, ({ calls, id }) => refuseAbsent(calls, { id, execId: 'absent' })),
  },
  {
    name: 'a program that is not there fails the creation with its text and leaves nothing',
    async run(context) {
      const use = async (task: Parameters<Parameters<typeof withShim>[2]>[0]) => {
        await refused(task.create(), ['unknown', 'invalid-argument'], missingProgramText)
        assert.deepEqual(context.mounts(), [])
        assert.deepEqual(context.events.names(task.id), [])
        await refused(task.state(), 'not-found')
      }
      await withShim(context, '', use, { program: missingProgram })
    },
  },
  {
    name: 'pause and resume, and their events',
    requires: ['pause'],
    async run(context) {
      await withTask(context, sleeping, async (task) => {
        await task.start()
        await task.calls.pause({ id: task.id })
        assert.equal(await task.status(), Status.PAUSED)
        await task.calls.resume({ id: task.id })
        assert.equal(await task.status(), Status.RUNNING)
        await context.events.expect(task.id, ['create', 'start', 'paused', 'resumed'])
      })
    },
  },
  {
    name: 'pids are listed, those of execs with their id',
    async run(context) {
      await withTask(context, sleeping, async (task, pid) => {
        await task.start()
        await task.exec('e1', sleeping)
        const execPid = await task.start('e1')
        const { processes } = await task.calls.pids({ id: task.id })
        assert.deepEqual(processes.map((process) => process.pid).sort(), [pid, execPid].sort())
        const info = processes.find((process) => process.pid === execPid)?.info
        assert.equal(info?.typeUrl, 'containerd.runc.v1.ProcessDetails')
        assert.equal(ProcessDetails.decode(info?.value ?? Buffer.alloc(0)).execId, 'e1')
      })
    },
  },
  {
    name: 'connect tells the pids of the shim and of the task',
    async run(context) {
      await withTask(context, sleeping, async (task, pid) => {
        const { shimPid, taskPid } = await task.calls.connect({ id: task.id })
        assert.equal(taskPid, pid)
        assert.ok(context.shimProcesses().includes(shimPid), `${shimPid} is not the shim`)
      })
    },
  },
  {
    name: 'stats are the metrics of the cgroup',
    async run(context) {
      await withTask(context, sleeping, async (task) => {
        await task.start()
        const { stats } = await task.calls.stats({ id: task.id })
        assert.match(stats?.typeUrl ?? '', /^io\.containerd\.cgroups\.v[12]\.Metrics$/)
        assert.ok((stats?.value.length ?? 0) > 0)
      })
    },
  },
  {
    name: 'update changes a limit',
    async run(context) {
      await withTask(context, sleeping, async (task) => {
        await task.start()
        const type = 'types.containerd.io/opencontainers/runtime-spec/1/LinuxResources'
        await task.calls.update({ id: task.id, resources: packJson(type, { pids: { limit: 77 } }) })
        const [file] = globSync(`/sys/fs/cgroup/{,pids/}${context.prefix}/${task.id}/pids.max`)
        assert.ok(file, 'the cgroup is not where the bundle says')
        assert.equal(readFileSync(file, 'utf8'), '77\n')
      })
    },
  },
]
