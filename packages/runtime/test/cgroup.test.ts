// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { existsSync, globSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

const v1 = existsSync('/sys/fs/cgroup/memory')
const onV1 = { ...rooted, skip: rooted.skip || (v1 ? false : 'needs cgroup v1') }

test('limits are written, and update changes them', onV1, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running((spec) => {
    spec.linux.resources = {
      memory: { limit: 64 << 20 },
      cpu: { shares: 512, quota: 20_000, period: 100_000 },
      pids: { limit: 17 },
    }
  })
  const { pid } = await workshop.runtime.state(id)
  assert.equal(value(pid, 'memory', 'memory.limit_in_bytes'), String(64 << 20))
  assert.equal(value(pid, 'cpu', 'cpu.shares'), '512')
  assert.equal(value(pid, 'cpu', 'cpu.cfs_quota_us'), '20000')
  assert.equal(value(pid, 'pids', 'pids.max'), '17')
  await workshop.runtime.update(id, { pids: { limit: 23 }, memory: { limit: 32 << 20 } })
  assert.equal(value(pid, 'pids', 'pids.max'), '23')
  assert.equal(value(pid, 'memory', 'memory.limit_in_bytes'), String(32 << 20))
  assert.equal(value(pid, 'cpu', 'cpu.shares'), '512')
})

test('a container uses no device but the allowed ones', onV1, async () => {
  await using workshop = new Workshop()
  const script =
    'mknod /d/loop b 7 0; mknod /d/mem c 1 1; cat /d/loop; cat /d/mem; head -c 1 /dev/zero | wc -c; head -c 0 /dev/fuse && echo fuse'
  const { output } = await workshop.run(['sh', '-c', script], (spec) => {
    const capabilities = ['CAP_MKNOD']
    spec.process.capabilities = { bounding: capabilities, effective: capabilities, permitted: capabilities }
    spec.mounts.push({ destination: '/d', type: 'tmpfs', source: 'tmpfs' })
    spec.linux.devices = [{ type: 'c', path: '/dev/fuse', major: 10, minor: 229 }]
    spec.linux.resources = { devices: [{ allow: true, type: 'c', major: 10, minor: 229, access: 'rw' }] }
  })
  assert.match(output, /cat: \/d\/loop: Operation not permitted/)
  assert.match(output, /cat: \/d\/mem: Operation not permitted/)
  assert.match(output, /^1$/m)
  assert.match(output, /^fuse$/m)
})

test('a paused container is frozen until it is resumed, and can be killed', rooted, async () => {
  await using workshop = new Workshop()
  const { runtime } = workshop
  const id = await workshop.running()
  await runtime.pause(id)
  assert.equal((await runtime.state(id)).status, 'paused')
  await assert.rejects(runtime.pause(id), { message: 'container not running' })
  await assert.rejects(runtime.exec(id, { process: { args: ['true'] } }), /cannot exec in a paused container/)
  await assert.rejects(runtime.start(id), { message: 'cannot start an already running container' })
  await runtime.resume(id)
  await assert.rejects(runtime.resume(id), { message: 'container not paused' })
  assert.equal((await workshop.exec(id, ['echo', 'thawed'])).output, 'thawed\n')
  await runtime.pause(id)
  await runtime.kill(id, 9)
  while ((await runtime.state(id)).status !== 'stopped') await new Promise((resolve) => setTimeout(resolve, 5))
})

test('the container sees its own part of the hierarchies, read-only', onV1, async () => {
  await using workshop = new Workshop()
  const { output } = await workshop.run(
    ['sh', '-c', 'cat /sys/fs/cgroup/pids/cgroup.procs; mkdir /sys/fs/cgroup/pids/x; mkdir /sys/fs/cgroup/x'],
    (spec) => {
      spec.linux.namespaces = spec.linux.namespaces?.filter(({ type }) => type !== 'cgroup') ?? []
    },
  )
  assert.match(output, /^1\n/)
  assert.equal(output.match(/Read-only file system/g)?.length, 2)
})

test('a cgroup in which others run is not taken over', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running((spec) => {
    spec.linux.cgroupsPath = `${workshop.cgroup}/shared`
  })
  const bundle = workshop.bundle(['true'], (spec) => {
    spec.linux.cgroupsPath = `${workshop.cgroup}/shared`
  })
  await assert.rejects(workshop.runtime.create('second', { bundle }), /cgroup is not empty/)
  assert.equal((await workshop.runtime.state(id)).status, 'running')
})

test('a frozen cgroup is refused at once, and so is one below a frozen one', onV1, async () => {
  await using workshop = new Workshop()
  for (const path of ['frozen', 'frozen/below']) {
    const frozen = `/sys/fs/cgroup/freezer${workshop.cgroup}/frozen`
    mkdirSync(frozen, { recursive: true })
    writeFileSync(join(frozen, 'freezer.state'), 'FROZEN')
    const bundle = workshop.bundle(['true'], (spec) => {
      spec.linux.cgroupsPath = `${workshop.cgroup}/${path}`
    })
    const signal = AbortSignal.timeout(10_000)
    try {
      await assert.rejects(workshop.runtime.create('c', { bundle, signal }), /container's cgroup unexpectedly frozen$/)
      assert.equal(readFileSync(join(frozen, 'freezer.state'), 'utf8'), 'FROZEN\n')
    } finally {
      for (const path of globSync(`/sys/fs/cgroup/*${workshop.cgroup}/frozen`)) rmdirSync(path)
    }
  }
})

function value(pid: number, controller: string, file: string): string {
  const line = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    .split('\n')
    .find((text) => text.split(':')[1]?.split(',').includes(controller))
  const path = line?.split(':')[2] ?? ''
  return readFileSync(`/sys/fs/cgroup/${controller}${path}/${file}`, 'utf8').trim()
}
