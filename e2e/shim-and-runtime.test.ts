// SPDX-License-Identifier: Apache-2.0
// Debian's containerd with our shim, our shim with runc and crun, Debian's shim with our runtime.
import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import { Ctr } from './harness/ctr.ts'
import { startContainerd } from './harness/originals.ts'
import { sandboxTest, until } from './harness/sandbox.ts'

sandboxTest("Debian's containerd: our shim with our runtime", async (sandbox) => {
  const ctr = new Ctr(sandbox, await startContainerd(sandbox))
  await ctr.importBusybox()
  await ctr.walk(['--runtime', 'io.containerd.teu.v1'])
})

for (const runtime of ['/usr/sbin/runc', '/usr/bin/crun']) {
  sandboxTest(`Debian's containerd: our shim in the place of its own, with ${runtime}`, async (sandbox) => {
    // ctr names another runtime for runc's shim alone: so ours takes that name.
    symlinkSync(sandbox.path('bin', 'containerd-shim-teu-v1'), sandbox.path('bin', 'containerd-shim-runc-v2'))
    const ctr = new Ctr(sandbox, await startContainerd(sandbox))
    await ctr.importBusybox()
    await ctr.walk(['--runtime', 'io.containerd.runc.v2', '--runc-binary', runtime])
  })
}

sandboxTest("Debian's containerd: its own shim with our runtime", async (sandbox) => {
  const ctr = new Ctr(sandbox, await startContainerd(sandbox))
  await ctr.importBusybox()
  await ctr.walk(['--runtime', 'io.containerd.runc.v2', '--runc-binary', sandbox.path('bin', 'teu-runtime')])
})

sandboxTest("Debian's containerd is restarted: our shim goes on", async (sandbox) => {
  const first = await startContainerd(sandbox)
  const ctr = new Ctr(sandbox, first)
  await ctr.importBusybox()
  const started = await ctr.start('kept', ['-d', '--runtime', 'io.containerd.teu.v1'], ['sleep', '1000'])
  assert.equal(started.status, 0, started.stderr)
  await sandbox.stop(first.process, 'SIGKILL')
  await startContainerd(sandbox)
  await until('the task is found again', async () => /-kept +\d+ +RUNNING/.test(await ctr.output('tasks', 'ls')))
  assert.equal(await ctr.output('tasks', 'exec', '--exec-id', 'e', ctr.id('kept'), 'echo', 'still'), 'still\n')
  await ctr.output('tasks', 'kill', '--signal', 'SIGKILL', ctr.id('kept'))
  await until('the task stops', async () => /STOPPED/.test(await ctr.output('tasks', 'ls')))
  await ctr.run(['tasks', 'rm', ctr.id('kept')])
  await ctr.output('containers', 'rm', ctr.id('kept'))
})
