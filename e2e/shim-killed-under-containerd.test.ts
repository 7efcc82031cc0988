// SPDX-License-Identifier: Apache-2.0
// What Debian's containerd makes of a shim that was killed: its protocol takes the end of the connection for the end of
// the tasks, whatever the shim could still do. With containerd down, a shim of ours can be replaced.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { Ctr } from './harness/ctr.ts'
import { stayIfNeeded } from './harness/ctr-walk.ts'
import { processesOf } from './harness/inventory.ts'
import { startContainerd } from './harness/originals.ts'
import { type Sandbox, sandboxTest, until } from './harness/sandbox.ts'

/** Pids of the sandbox's shims, the oldest first. */
function shims(sandbox: Sandbox): number[] {
  return processesOf(sandbox.id, sandbox.netns)
    .filter((line) => line.includes('containerd-shim-'))
    .map((line) => Number(line.split(/[ :]/)[1]))
}

for (const runtime of ['io.containerd.runc.v2', 'io.containerd.teu.v1']) {
  sandboxTest(`kill -9 of the shim of ${runtime}: the task is reported with 137 and cleaned`, async (sandbox) => {
    const containerd = await startContainerd(sandbox)
    const ctr = new Ctr(sandbox, containerd)
    await ctr.importBusybox()
    const events = sandbox.daemon('events', 'ctr', ['-a', containerd.socket, 'events'])
    const flags = ['--null-io', '--runtime', runtime]
    await ctr.start('box', ['-d', ...flags], ['sleep', '1000'])
    const { pid } = (await ctr.task('box')) ?? {}
    const [shim = 0] = shims(sandbox)
    await ctr.start('other', ['-d', ...flags], ['sleep', '1000'])
    const other = await ctr.task('other')
    assert.equal(shims(sandbox).length, 2)
    process.kill(shim, 'SIGKILL')
    await until('the task is gone', async () => (await ctr.task('box')) === undefined)
    const seen = () => sandbox.log('events').match(/\/tasks\/(exit|delete) .*/g) ?? []
    await until('both events', () => seen().length >= 2)
    assert.deepEqual(
      seen().map((line) => /^(\S+) .*"pid":(\d+),"exit_status":(\d+)/.exec(line)?.slice(1).join(' ')),
      [`/tasks/exit ${pid} 137`, `/tasks/delete ${pid} 137`],
    )
    await until('the process is gone', () => pid !== undefined && !existsSync(`/proc/${pid}`))
    // Its neighbour has a shim of its own, and notices nothing.
    assert.deepEqual(await ctr.task('other'), { pid: other?.pid, status: 'RUNNING' })
    const still = ['sh', '-c', `echo still; ${stayIfNeeded({ isOurShim: runtime === 'io.containerd.teu.v1' })}`]
    assert.equal(await ctr.output('tasks', 'exec', '--exec-id', 'e', ctr.id('other'), ...still), 'still\n')
    await ctr.output('tasks', 'kill', '-s', 'SIGKILL', ctr.id('other'))
    await ctr.reaches('other', 'STOPPED')
    assert.equal(await ctr.remove('other'), 137)
    // The container itself is kept, and runs again under a new shim.
    await ctr.output('tasks', 'start', '-d', ctr.id('box'))
    await ctr.reaches('box', 'RUNNING')
    await ctr.output('tasks', 'kill', '-s', 'SIGKILL', ctr.id('box'))
    await ctr.reaches('box', 'STOPPED')
    assert.equal(await ctr.remove('box'), 137)
    await sandbox.stop(events)
  })
}

sandboxTest('our shim is replaced while containerd is down: nothing is lost', async (sandbox) => {
  const first = await startContainerd(sandbox)
  const ctr = new Ctr(sandbox, first)
  await ctr.importBusybox()
  const flags = ['-d', '--null-io', '--runtime', 'io.containerd.teu.v1']
  for (const name of ['stays', 'ends'])
    await ctr.start(name, flags, ['sh', '-c', "trap 'exit 19' TERM; while :; do sleep 0.05; done"])
  const [stays, ends] = [await ctr.task('stays'), await ctr.task('ends')]
  await sandbox.stop(first.process, 'SIGKILL')
  for (const pid of shims(sandbox)) process.kill(pid, 'SIGKILL')
  process.kill(ends?.pid ?? 0, 'SIGTERM')
  // As docs/upgrade.md has it: `start` in each bundle, with the flags that containerd uses.
  const start = ['-namespace', 'default', '-address', first.socket, '-publish-binary', '/usr/bin/containerd']
  const env = { TTRPC_ADDRESS: `${first.socket}.ttrpc` }
  for (const id of [ctr.id('stays'), ctr.id('ends')]) {
    const cwd = sandbox.path('containerd/state/io.containerd.runtime.v2.task/default', id)
    await sandbox.output('containerd-shim-teu-v1', [...start, '-id', id, 'start'], { cwd, env })
  }
  await startContainerd(sandbox)
  await ctr.reaches('ends', 'STOPPED')
  assert.equal(await ctr.remove('ends'), 19)
  assert.deepEqual(await ctr.task('stays'), { pid: stays?.pid, status: 'RUNNING' })
  assert.equal(await ctr.output('tasks', 'exec', '--exec-id', 'e', ctr.id('stays'), 'echo', 'still'), 'still\n')
  await ctr.output('tasks', 'kill', ctr.id('stays'))
  await ctr.reaches('stays', 'STOPPED')
  assert.equal(await ctr.remove('stays'), 19)
})
