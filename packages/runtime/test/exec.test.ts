// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

test('an exec is in every namespace and in the cgroup of the container', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running()
  const { pid } = await workshop.runtime.state(id)
  const script = 'for n in pid net ipc uts mnt cgroup; do readlink /proc/self/ns/$n; done; cat /proc/self/cgroup'
  const inside = await workshop.exec(id, ['sh', '-c', script])
  const links = ['pid', 'net', 'ipc', 'uts', 'mnt', 'cgroup'].map((name) => readlinkSync(`/proc/${pid}/ns/${name}`))
  assert.deepEqual(inside.output.split('\n').slice(0, 6), links)
  const own = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
  assert.equal(inside.exitCode, 0)
  // Seen from inside its cgroup namespace, every path is the root.
  assert.ok(own.includes(workshop.cgroup))
  // Cgroup v2 has one line, of all controllers.
  assert.match(inside.output, own.includes(':pids:') ? /^\d+:pids:\/$/m : /^0::\/$/m)
})

test('an exec takes what it does not say from the container', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running((spec) => {
    spec.process.env = ['PATH=/bin', 'A=container']
    spec.process.cwd = '/tmp'
    spec.process.user = { uid: 1000, gid: 1000 }
  })
  assert.deepEqual(await workshop.exec(id, ['sh', '-c', 'echo $A $HOME; pwd; id -u; exit 5']), {
    exitCode: 5,
    output: 'container /home/user\n/tmp\n1000\n',
  })
  const process = {
    args: ['sh', '-c', 'echo $A; pwd; id -u'],
    env: ['PATH=/bin', 'A=exec'],
    cwd: '/',
    user: { uid: 0, gid: 0 },
  }
  assert.equal((await workshop.exec(id, [], { process })).output, 'exec\n/\n0\n')
})

test('an exec has the pid file and the failures of its own', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running()
  const pidFile = join(workshop.directory, 'exec.pid')
  const { pid, exited } = await workshop.runtime.exec(id, {
    process: { args: ['sleep', '1000'] },
    stdio: ['ignore', 'ignore', 'ignore'],
    pidFile,
  })
  assert.equal(readFileSync(pidFile, 'utf8'), String(pid))
  assert.deepEqual((await workshop.runtime.ps(id)).length, 2)
  process.kill(pid, 'SIGKILL')
  assert.deepEqual(await exited, { exitCode: 137, signalNumber: 9 })
  await assert.rejects(workshop.exec(id, ['nope']), /exec: "nope": executable file not found in \$PATH$/)
  await assert.rejects(
    workshop.exec(id, [], { process: { args: ['true'], cwd: '/nope' } }),
    /chdir to cwd \("\/nope"\) set in config.json failed: no such file or directory$/,
  )
  assert.equal((await workshop.runtime.ps(id)).length, 1)
})

test('an exec gains no capability that it does not ask for', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running()
  const capabilities = { bounding: ['CAP_KILL'], effective: ['CAP_KILL'], permitted: ['CAP_KILL'] }
  const { output } = await workshop.exec(id, [], {
    process: { args: ['grep', 'Cap', '/proc/self/status'], capabilities },
  })
  const sets = Object.fromEntries(
    output
      .trim()
      .split('\n')
      .map((line) => line.split(':\t')),
  )
  const kill = '0000000000000020'
  const none = '0000000000000000'
  assert.deepEqual(sets, { CapInh: none, CapPrm: kill, CapEff: kill, CapBnd: kill, CapAmb: none })
})

test('execs at once all succeed', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running()
  const outcomes = await Promise.all(
    Array.from({ length: 10 }, (_, index) => workshop.exec(id, ['echo', String(index)])),
  )
  assert.deepEqual(
    outcomes.map(({ output }) => output),
    Array.from({ length: 10 }, (_, index) => `${index}\n`),
  )
})
