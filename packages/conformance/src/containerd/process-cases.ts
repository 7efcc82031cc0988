// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { TaskExecAdded, TaskExecStarted, TaskExit, TaskStatus } from '@teu/containerd-api'
import { ProcessDetails } from '@teu/shim-api'
import { writeFifo } from '../container/fifo.ts'
import { missingProgram, missingProgramText } from '../container/missing-program.ts'
import { sha256Of, until } from '../container/waiting.ts'
import type { ConformanceCase } from '../harness/suite.ts'
import type { ContainerdContext } from './context.ts'
import { EventLog } from './event-log.ts'
import { refused } from './refused.ts'
import { Task, withTask } from './task.ts'

const sleeping = 'exec sleep 1000'

export const processCases: readonly ConformanceCase<ContainerdContext>[] = [
  {
    name: 'exec adds a process that is started, waited for and deleted on its own',
    async run(containerd) {
      await withTask(containerd, sleeping, async (task) => {
        await task.start()
        const output = await task.exec('e1', 'hostname; exit 7')
        assert.equal(await task.status('e1'), TaskStatus.CREATED)
        const exit = task.wait('e1')
        const pid = await task.start('e1')
        assert.ok(pid > 0)
        assert.equal(await exit, 7)
        assert.equal((await output.whole).toString(), 'conformance\n')
        const deleted = await task.deleteProcess('e1')
        assert.deepEqual([deleted.id, deleted.pid, deleted.exitStatus], ['e1', pid, 7])
        await refused(task.get('e1'), 'NOT_FOUND')
        assert.equal(await task.status(), TaskStatus.RUNNING)
      })
    },
  },
  {
    name: 'the events of an exec come in order, before those of the end',
    async run(containerd) {
      const task = await Task.prepare(containerd, sleeping, {})
      try {
        using log = await EventLog.open(containerd.calls, [`topic~=^/tasks/,event.container_id==${task.id}`])
        await task.create()
        await task.start()
        await task.exec('e1', 'exit 7')
        await task.start('e1')
        await task.wait('e1')
        await log.expect(['create', 'start', 'exec-added', 'exec-started', 'exit'].map((topic) => `/tasks/${topic}`))
        const bytes = log.envelopes.map(({ event }) => event?.value ?? Buffer.alloc(0))
        assert.equal(TaskExecAdded.decode(bytes[2]!).execId, 'e1')
        assert.equal(TaskExecStarted.decode(bytes[3]!).execId, 'e1')
        const { id, exitStatus } = TaskExit.decode(bytes[4]!)
        assert.deepEqual([id, exitStatus], ['e1', 7])
      } finally {
        await task.remove()
      }
    },
  },
  {
    name: 'an exec that runs is killed alone, and not deleted before',
    async run(containerd) {
      await withTask(containerd, sleeping, async (task) => {
        await task.start()
        await task.exec('e1', sleeping)
        await task.start('e1')
        await refused(task.deleteProcess('e1'), ['FAILED_PRECONDITION', 'UNKNOWN'], /running/)
        await task.kill(9, 'e1')
        assert.equal(await task.wait('e1'), 137)
        await task.deleteProcess('e1')
        assert.equal(await task.status(), TaskStatus.RUNNING)
      })
    },
  },
  {
    name: 'an exec id that is taken is AlreadyExists',
    async run(containerd) {
      await withTask(containerd, sleeping, async (task) => {
        await task.start()
        await task.exec('e1', 'true')
        await refused(containerd.calls.tasks.exec({ containerId: task.id, execId: 'e1', spec: {} }), 'ALREADY_EXISTS')
      })
    },
  },
  {
    name: 'an exec of a program that is not there fails its start with its text',
    async run(containerd) {
      await withTask(containerd, sleeping, async (task) => {
        await task.start()
        const spec = {
          typeUrl: 'types.containerd.io/opencontainers/runtime-spec/1/Process',
          value: Buffer.from(
            JSON.stringify({ args: [missingProgram], cwd: '/', env: ['PATH=/bin'], user: { uid: 0, gid: 0 } }),
          ),
        }
        await containerd.calls.tasks.exec({ containerId: task.id, execId: 'e1', spec })
        await refused(task.start('e1'), ['UNKNOWN', 'INVALID_ARGUMENT'], missingProgramText)
        assert.equal(await task.status(), TaskStatus.RUNNING)
      })
    },
  },
  {
    name: 'no exec starts in a task that has stopped',
    async run(containerd) {
      await withTask(containerd, 'exit 0', async (task) => {
        await task.start()
        await task.wait()
        const late = async () => {
          await task.exec('late', 'true')
          await task.start('late')
        }
        await refused(late(), ['FAILED_PRECONDITION', 'UNKNOWN', 'NOT_FOUND'])
        await task.delete()
      })
    },
  },
  {
    name: 'pids are listed, those of execs with their id',
    async run(containerd) {
      await withTask(containerd, sleeping, async (task, pid) => {
        await task.start()
        await task.exec('e1', sleeping)
        const execPid = await task.start('e1')
        const { processes } = await containerd.calls.tasks.listPids({ containerId: task.id })
        assert.deepEqual(processes.map((process) => process.pid).sort(), [pid, execPid].sort())
        const info = processes.find((process) => process.pid === execPid)?.info
        assert.equal(info?.typeUrl, 'containerd.runc.v1.ProcessDetails')
        assert.equal(ProcessDetails.decode(info?.value ?? Buffer.alloc(0)).execId, 'e1')
      })
    },
  },
  {
    name: 'standard input is passed on, and CloseIO lets the process see its end',
    async run(containerd) {
      const use = async (task: Task) => {
        const data = randomBytes(1 << 20)
        await task.start()
        const input = writeFifo(task.streams.stdin)
        await new Promise((resolve) => input.end(data, () => resolve(undefined)))
        await containerd.calls.tasks.closeIO({ containerId: task.id, stdin: true })
        assert.equal(await task.wait(), 0)
        assert.equal((await task.streams.output.whole).toString(), `${sha256Of(data)}  -\n`)
      }
      await withTask(containerd, 'exec sha256sum', use, { input: true })
    },
  },
  {
    name: 'all of a long output arrives, whoever is faster',
    async run(containerd) {
      await withTask(containerd, 'exec dd if=/dev/zero bs=65536 count=80 2>/dev/null', async (task) => {
        await task.start()
        assert.equal(await task.wait(), 0)
        assert.equal((await task.streams.output.whole).length, 80 * 65536)
      })
    },
  },
  {
    name: 'a terminal has the size that it is given',
    async run(containerd) {
      const use = async (task: Task) => {
        await task.start()
        await containerd.calls.tasks.resizePty({ containerId: task.id, width: 91, height: 37 })
        writeFifo(task.streams.stdin).end('\n')
        await until('the terminal says its size', () => task.streams.output.text().includes('37 91'))
        assert.equal(await task.wait(), 0)
      }
      await withTask(containerd, 'read line; stty size', use, { input: true, terminal: true })
    },
  },
]
