// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { missingOriginals } from './harness/originals.ts'
import { Sandbox } from './harness/sandbox.ts'

test('everything that the suite needs is installed', () => {
  assert.deepEqual(missingOriginals(), [])
})

test('a sandbox that was left clean has no leaks', async () => {
  const sandbox = new Sandbox()
  await sandbox.open()
  assert.equal((await sandbox.run('sh', ['-c', 'ip -o link | wc -l'])).stdout.trim(), '1')
  assert.deepEqual(await sandbox.close(), [])
})

test('a process, a mount, a cgroup, a link and a file that were left are named', async () => {
  const sandbox = new Sandbox()
  await sandbox.open()
  const cgroup = `/sys/fs/cgroup/pids${sandbox.cgroupParent}/left`
  const mount = `/mnt`
  const file = `/dev/shm/${sandbox.id}`
  mkdirSync(cgroup, { recursive: true })
  await sandbox.output('sh', [
    '-c',
    `mount -t tmpfs left ${mount}; touch ${file}; ip link add left0 type bridge; setsid sleep 100 >/dev/null 2>&1 &`,
  ])
  const leaks = await sandbox.close()
  execFileSync('sh', ['-c', `umount ${mount}; rm ${file}`])
  assert.ok(!existsSync(path.dirname(cgroup)), 'a cgroup that was named is still there')
  for (const wanted of [
    /^process \d+: sleep 100/,
    /^mount \/mnt/,
    /^cgroup .*teu-e2e/,
    /^link left0$/,
    /^file \/dev\/shm/,
  ])
    assert.ok(
      leaks.some((leak) => wanted.test(leak)),
      `${wanted} is missing in\n${leaks.join('\n')}`,
    )
})
