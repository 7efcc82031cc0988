// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { type CgroupManager, type CgroupSetup, createCgroupManager, detectCgroups } from '@teu/linux'

const setup = detectCgroups()
const isRoot = process.getuid?.() === 0
const v1 = { skip: isRoot && (setup.mode === 'v1' || setup.mode === 'hybrid') ? false : 'needs root and cgroup v1' }
const unified = { skip: isRoot && setup.unified ? false : 'needs root and a unified hierarchy' }
const v2Setup: CgroupSetup = { ...setup, mode: 'v2', hierarchies: [] }

/** A cgroup below a name of its own, with everything removed afterwards. */
function fixture(t: TestContext, wanted: CgroupSetup = setup): CgroupManager {
  const parent = `/teu-test-${randomBytes(6).toString('hex')}`
  const manager = createCgroupManager({ path: `${parent}/inner`, setup: wanted })
  t.after(async () => {
    await manager.killAll()
    await createCgroupManager({ path: parent, setup: wanted }).delete()
  })
  return manager
}

function sleeper(t: TestContext): ChildProcess {
  const child = spawn('sleep', ['100'])
  t.after(() => child.kill('SIGKILL'))
  return child
}

test('a v1 cgroup lives: made, joined, limited, frozen, killed, removed', v1, async (t) => {
  const manager = fixture(t)
  assert.equal(manager.exists(), false)
  await manager.create()
  await manager.create()
  assert.equal(manager.exists(), true)
  const child = sleeper(t)
  await manager.join(child.pid as number)
  assert.deepEqual(manager.pids(), [child.pid])
  const file = (controller: string, name: string) =>
    readFileSync(join(manager.paths[controller] as string, name), 'utf8').trim()
  await manager.apply({
    memory: { limit: 64 << 20, swap: 96 << 20, reservation: 32 << 20, swappiness: 10 },
    cpu: { shares: 512, quota: 50_000, period: 100_000, cpus: '0' },
    pids: { limit: 7 },
    devices: [{ allow: false }, { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }],
  })
  assert.equal(file('memory', 'memory.limit_in_bytes'), String(64 << 20))
  assert.equal(file('cpu', 'cpu.shares'), '512')
  assert.equal(file('cpu', 'cpu.cfs_quota_us'), '50000')
  assert.equal(file('cpuset', 'cpuset.cpus'), '0')
  assert.equal(file('pids', 'pids.max'), '7')
  assert.equal(file('devices', 'devices.list'), 'c 1:3 rwm')
  const stats = manager.stats()
  assert.equal(stats.memory.limit, 64n << 20n)
  assert.deepEqual(stats.pids, { current: 1n, limit: 7n })
  assert.ok('total_rss' in stats.memory.stat)
  await manager.freeze()
  assert.equal(manager.freezerState(), 'frozen')
  await manager.thaw()
  const exit = once(child, 'exit')
  await manager.freeze()
  await manager.killAll()
  assert.deepEqual((await exit)[1], 'SIGKILL')
  await manager.delete()
  assert.equal(manager.exists(), false)
  await manager.delete()
  assert.deepEqual(manager.pids(), [])
  // A delete beside a kill removes it in between: then nothing is left to be done.
  await manager.thaw()
  await manager.killAll()
})

test('v1 limits grow, shrink and go away, in an order that the kernel takes', v1, async (t) => {
  const manager = fixture(t)
  await manager.create()
  const memory = () => manager.stats().memory
  await manager.apply({ memory: { limit: 32 << 20, swap: 32 << 20 } })
  await manager.apply({ memory: { limit: 64 << 20, swap: 128 << 20 } })
  assert.equal(memory().limit, 64n << 20n)
  await manager.apply({ memory: { limit: 16 << 20, swap: 16 << 20 } })
  assert.equal(memory().limit, 16n << 20n)
  await manager.apply({ memory: { limit: -1 } })
  assert.ok(memory().limit > 1n << 50n)
  await manager.apply({ cpu: { period: 10_000, quota: 5_000 } })
  await manager.apply({ cpu: { period: 500_000, quota: 900_000 } })
  await assert.rejects(manager.apply({ cpu: { shares: 1 } }), { message: /minimum allowed cpu-shares is 2/ })
  await assert.rejects(manager.apply({ unified: { 'memory.high': '1' } }), { code: 'EINVAL' })
})

test('v1 device rules hold for processes in it', v1, async (t) => {
  const manager = fixture(t)
  await manager.create()
  const child = spawn('sh', ['-c', 'read x; cat /dev/null && ! cat /dev/zero'], { stdio: ['pipe', 'ignore', 'ignore'] })
  await manager.join(child.pid as number)
  await manager.apply({ devices: [{ allow: false }, { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }] })
  child.stdin?.end('go\n')
  assert.deepEqual(await once(child, 'exit'), [0, null])
})

test('a v1 cgroup with cgroups and processes below is killed and removed as a whole', v1, async (t) => {
  const manager = fixture(t)
  await manager.create()
  const child = sleeper(t)
  const inner = join(manager.paths.devices as string, 'below')
  mkdirSync(inner)
  const below = createCgroupManager({ paths: { devices: inner }, setup })
  await below.join(child.pid as number)
  assert.deepEqual(manager.pids(), [child.pid])
  await assert.rejects(manager.delete({ timeoutMs: 30 }), { code: 'EBUSY' })
  const exit = once(child, 'exit')
  await manager.killAll()
  await exit
  await manager.delete()
  assert.equal(existsSync(inner), false)
})

test('running out of memory is told and counted', v1, async (t) => {
  const manager = fixture(t)
  await manager.create()
  await manager.apply({ memory: { limit: 8 << 20, swap: 8 << 20 } })
  const events = manager.oomEvents()[Symbol.asyncIterator]()
  const first = events.next()
  const hog = spawn('sh', ['-c', 'read x; exec tail /dev/zero'], { stdio: ['pipe', 'ignore', 'ignore'] })
  await manager.join(hog.pid as number)
  const exit = once(hog, 'exit')
  hog.stdin?.end('go\n')
  assert.equal((await first).done, false)
  assert.equal((await exit)[1], 'SIGKILL')
  assert.equal(manager.oomKillCount(), 1n)
  const rest = (async () => {
    for await (const _ of { [Symbol.asyncIterator]: () => events }) {
    }
  })()
  await manager.delete()
  await rest
})

test('a cgroup of the unified hierarchy lives', unified, async (t) => {
  const manager = fixture(t, v2Setup)
  assert.equal(manager.version, 2)
  await manager.create()
  const child = sleeper(t)
  await manager.join(child.pid as number)
  assert.deepEqual(manager.pids(), [child.pid])
  await manager.freeze()
  assert.equal(manager.freezerState(), 'frozen')
  await manager.thaw()
  assert.equal(manager.freezerState(), 'thawed')
  assert.equal(manager.stats().pids.limit, 0n)
  const exit = once(child, 'exit')
  await manager.killAll()
  assert.equal((await exit)[1], 'SIGKILL')
  await manager.delete()
  assert.equal(manager.exists(), false)
})

test('other signals reach every process once thawed', unified, async (t) => {
  const manager = fixture(t, v2Setup)
  await manager.create()
  const child = sleeper(t)
  await manager.join(child.pid as number)
  const exit = once(child, 'exit')
  await manager.killAll(15)
  assert.equal((await exit)[1], 'SIGTERM')
})

test('v2 device rules are an eBPF program; applying again replaces it', unified, async (t) => {
  const manager = fixture(t, v2Setup)
  await manager.create()
  const run = async (script: string) => {
    const child = spawn('sh', ['-c', `read x; ${script}`], { stdio: ['pipe', 'ignore', 'ignore'] })
    await manager.join(child.pid as number)
    child.stdin?.end('go\n')
    return (await once(child, 'exit'))[0]
  }
  const nullOnly = [{ allow: false }, { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }]
  await manager.apply({ devices: nullOnly })
  assert.equal(await run('cat /dev/null && ! head -c1 /dev/zero'), 0)
  await manager.apply({ devices: [...nullOnly, { allow: true, type: 'c', major: 1, minor: 5, access: 'r' }] })
  assert.equal(await run('head -c1 /dev/zero && ! head -c1 /dev/urandom'), 0)
})
