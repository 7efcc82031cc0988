// SPDX-License-Identifier: Apache-2.0
// podman and conmon on our runtime.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { imageArchive } from './harness/programs.ts'
import { sandboxTest, until } from './harness/sandbox.ts'

sandboxTest('run, exec, logs, pause, kill, rm', async (sandbox) => {
  writeFileSync(sandbox.path('policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}')
  const options = [
    ['--root', sandbox.path('pod')],
    ['--runroot', sandbox.path('podrun')],
    ['--tmpdir', sandbox.path('podtmp')],
    ['--cgroup-manager', 'cgroupfs'],
    ['--events-backend', 'none'],
    ['--runtime', sandbox.path('bin', 'teu-runtime')],
  ].flat()
  const podman = (...args: string[]) => sandbox.run('podman', [...options, ...args])
  const output = async (...args: string[]) => {
    const result = await podman(...args)
    assert.equal(result.status, 0, `podman ${args.join(' ')}\n${result.stdout}${result.stderr}`)
    return result.stdout
  }
  const limits = [
    ['--cgroup-parent', sandbox.cgroupParent],
    ['--network', 'none'],
    ['--ulimit', 'nofile=1024:1024'],
    ['--ulimit', 'nproc=1024:1024'],
  ].flat()
  await output('load', '--signature-policy', sandbox.path('policy.json'), '-i', imageArchive('busybox'))
  assert.equal(await output('run', '--rm', ...limits, 'busybox', 'echo', 'hi'), 'hi\n')
  assert.equal((await podman('run', '--rm', ...limits, 'busybox', 'sh', '-c', 'exit 42')).status, 42)
  assert.equal((await podman('run', '--rm', ...limits, 'busybox', 'no-such-program')).status, 127)
  await output('run', '-d', '--name', 'c', ...limits, 'busybox', 'sh', '-c', 'echo one; sleep 1000')
  await until('the log', async () => (await output('logs', 'c')) === 'one\n')
  assert.equal(await output('exec', 'c', 'echo', 'inside'), 'inside\n')
  assert.equal((await podman('exec', 'c', 'sh', '-c', 'exit 9')).status, 9)
  await output('pause', 'c')
  await output('unpause', 'c')
  await output('kill', 'c')
  assert.equal(await output('wait', 'c'), '137\n')
  await output('rm', 'c')
  await output('rmi', '-a')
  // podman leaves the cgroup that it made for conmon.
  await sandbox.run('sh', ['-c', `rmdir /sys/fs/cgroup/*/${sandbox.id}/conmon`])
  await sandbox.run('umount', ['-R', sandbox.path('pod', 'overlay')])
})
