// SPDX-License-Identifier: Apache-2.0
// Tasks through real shims: the original's, and ours where it is built. Every death is tried.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Container, packJson } from '@teu/containerd-api'
import { inTest } from './daemon.ts'
import { create, exitOf, fixture, shimPids, shims, skipReason, until } from './tasks-fixture.ts'

for (const shim of shims) {
  const options = { skip: skipReason(shim), timeout: 120_000 }

  test(`${shim.name}: a task lives, tells its end, and leaves nothing`, options, async (t) => {
    const at = await fixture(t, shim)
    const { services } = at.daemon
    const { tasks } = services
    const task = await create(at, services, 'one', ['sh', '-c', 'echo hello; exit 7'])
    assert.ok(task.pid > 0)
    assert.equal((await tasks.get({ containerId: 'one', execId: '' }, inTest)).process?.status, 1)
    await assert.rejects(
      tasks.create(
        {
          containerId: 'one',
          rootfs: [],
          stdin: '',
          stdout: '',
          stderr: '',
          terminal: false,
          checkpoint: undefined,
          options: undefined,
          runtimePath: '',
        },
        inTest,
      ),
      { code: 'already-exists' },
    )
    const waiting = tasks.wait({ containerId: 'one', execId: '' }, inTest)
    assert.equal((await tasks.start({ containerId: 'one', execId: '' }, inTest)).pid, task.pid)
    assert.equal((await waiting).exitStatus, 7)
    assert.equal(await task.output, 'hello\n')
    await until('the exit is published', () => exitOf(at, 'one').length === 1)
    const { process } = await tasks.get({ containerId: 'one', execId: '' }, inTest)
    assert.deepEqual([process?.status, process?.exitStatus], [3, 7])
    const end = await tasks.delete({ containerId: 'one' }, inTest)
    assert.deepEqual([end.pid, end.exitStatus], [task.pid, 7])
    await assert.rejects(tasks.get({ containerId: 'one', execId: '' }, inTest), {
      code: 'not-found',
      message: /task one not found/,
    })
    assert.deepEqual(readdirSync(join(at.folder, 'state/io.containerd.runtime.v2.task/test')), [])
    assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').includes(join(at.folder, 'state')), false)
    await until('the topics are complete', () => at.exits.some(({ topic }) => topic === '/tasks/delete'))
    assert.deepEqual(
      at.exits.map(({ topic }) => topic),
      ['/tasks/create', '/tasks/start', '/tasks/exit', '/tasks/delete'],
    )
  })

  test(`${shim.name}: execs, signals, pause and metrics reach the container`, options, async (t) => {
    const at = await fixture(t, shim)
    const { services } = at.daemon
    const { tasks } = services
    await create(at, services, 'two', ['sleep', '1000'])
    await tasks.start({ containerId: 'two', execId: '' }, inTest)
    const process = { args: ['sh', '-c', 'exit 5'], cwd: '/', env: ['PATH=/bin'], user: { uid: 0, gid: 0 } }
    const exec = {
      containerId: 'two',
      execId: 'e',
      stdin: '',
      stdout: '',
      stderr: '',
      terminal: false,
      spec: packJson('types.containerd.io/opencontainers/runtime-spec/1/Process', process),
    }
    await tasks.exec(exec, inTest)
    await assert.rejects(tasks.exec(exec, inTest), { code: 'already-exists' })
    await tasks.start({ containerId: 'two', execId: 'e' }, inTest)
    assert.equal((await tasks.wait({ containerId: 'two', execId: 'e' }, inTest)).exitStatus, 5)
    assert.equal((await tasks.deleteProcess({ containerId: 'two', execId: 'e' }, inTest)).exitStatus, 5)
    // The original's shim has no class for it, but the same words.
    await assert.rejects(tasks.delete({ containerId: 'two' }, inTest), /running|stopped/)
    await tasks.pause({ containerId: 'two' }, inTest)
    assert.equal((await tasks.list({ filter: '' }, inTest)).tasks[0]?.status, 4)
    await tasks.resume({ containerId: 'two' }, inTest)
    assert.equal((await tasks.listPids({ containerId: 'two' }, inTest)).processes.length, 1)
    const { metrics } = await tasks.metrics({ filters: ['id==two'] }, inTest)
    // The original's shim finds no cgroup on hosts where version 1 is mounted oddly; then it has nothing to tell.
    if (shim.name.includes('teu') || metrics.length > 0)
      assert.match(metrics[0]?.data?.typeUrl ?? '', /^io\.containerd\.cgroups\.v[12]\.Metrics$/)
    assert.deepEqual((await tasks.metrics({ filters: ['id==other'] }, inTest)).metrics, [])
    await tasks.kill({ containerId: 'two', execId: '', signal: 9, all: false }, inTest)
    assert.equal((await tasks.wait({ containerId: 'two', execId: '' }, inTest)).exitStatus, 137)
    await tasks.delete({ containerId: 'two' }, inTest)
  })

  test(`${shim.name}: a daemon that starts again finds its tasks, and their ends`, options, async (t) => {
    const at = await fixture(t, shim)
    const running = await create(at, at.daemon.services, 'runs', ['sleep', '1000'])
    const ends = await create(at, at.daemon.services, 'ends', ['sh', '-c', 'sleep 0.2; exit 3'])
    for (const containerId of ['runs', 'ends'])
      await at.daemon.services.tasks.start({ containerId, execId: '' }, inTest)
    const restarted = at.daemon.restart()
    await sleep(500)
    const { services } = await restarted
    const { tasks } = await services.tasks.list({ filter: '' }, inTest)
    assert.deepEqual(tasks.map(({ id, pid }) => [id, pid]).sort(), [
      ['ends', ends.pid],
      ['runs', running.pid],
    ])
    assert.equal((await services.tasks.wait({ containerId: 'ends', execId: '' }, inTest)).exitStatus, 3)
    await services.tasks.delete({ containerId: 'ends' }, inTest)
    await services.tasks.kill({ containerId: 'runs', execId: '', signal: 9, all: false }, inTest)
    assert.equal((await services.tasks.wait({ containerId: 'runs', execId: '' }, inTest)).exitStatus, 137)
    await services.tasks.delete({ containerId: 'runs' }, inTest)
  })

  test(`${shim.name}: a shim that is killed takes no end with it`, options, async (t) => {
    const at = await fixture(t, shim)
    const { services } = at.daemon
    const task = await create(at, services, 'orphan', ['sleep', '1000'])
    await services.tasks.start({ containerId: 'orphan', execId: '' }, inTest)
    for (const pid of shimPids(at)) process.kill(pid, 'SIGKILL')
    if (shim.name.includes('teu')) {
      await until('the task is back', async () => {
        const answer = await services.tasks.get({ containerId: 'orphan', execId: '' }, inTest).catch(() => undefined)
        return answer?.process?.status === 2
      })
      assert.ok(existsSync(`/proc/${task.pid}`))
      await services.tasks.kill({ containerId: 'orphan', execId: '', signal: 9, all: false }, inTest)
      assert.equal((await services.tasks.wait({ containerId: 'orphan', execId: '' }, inTest)).exitStatus, 137)
      await services.tasks.delete({ containerId: 'orphan' }, inTest)
    } else
      await until(
        'the task is cleaned up',
        async () => (await services.tasks.list({ filter: '' }, inTest)).tasks.length === 0,
      )
    await until('its end is published', () => exitOf(at, 'orphan').length > 0)
    assert.equal(exitOf(at, 'orphan').length, 1)
    assert.equal(exitOf(at, 'orphan')[0]!.exitStatus, 137)
    await until('its process is gone', () => !existsSync(`/proc/${task.pid}`))
    assert.deepEqual(readdirSync(join(at.folder, 'state/io.containerd.runtime.v2.task/test')), [])
  })

  test(`${shim.name}: what cannot start says why, and leaves nothing`, options, async (t) => {
    const at = await fixture(t, shim)
    const { services } = at.daemon
    // Which call fails is the runtime's choice: the program is looked up before or at the start.
    const attempt = async () => {
      await create(at, services, 'bad', ['no-such-program'])
      await services.tasks.start({ containerId: 'bad', execId: '' }, inTest)
    }
    await assert.rejects(attempt(), /no-such-program/)
    await services.tasks.delete({ containerId: 'bad' }, inTest).catch((error) => assert.equal(error.code, 'not-found'))
    assert.deepEqual(readdirSync(join(at.folder, 'state/io.containerd.runtime.v2.task/test')), [])
    await services.containers.create(
      {
        container: Container.fromPartial({
          id: 'odd',
          runtime: { name: 'io.containerd.none.v9' },
          spec: { typeUrl: 'x', value: Buffer.from('{}') },
        }),
      },
      inTest,
    )
    const request = {
      containerId: 'odd',
      rootfs: [],
      stdin: '',
      stdout: '',
      stderr: '',
      terminal: false,
      checkpoint: undefined,
      options: undefined,
      runtimePath: '',
    }
    await assert.rejects(services.tasks.create(request, inTest), {
      code: 'not-found',
      message: /containerd-shim-none-v9/,
    })
    await assert.rejects(services.tasks.create({ ...request, containerId: 'missing' }, inTest), { code: 'not-found' })
    await assert.rejects(services.tasks.create({ ...request, runtimePath: 'relative/shim' }, inTest), {
      code: 'invalid-argument',
    })
  })
}
