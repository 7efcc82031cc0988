// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { hugePageSizeName } from '../huge-pages.ts'
import { applyV2Resources, cpuWeight, ioWeight, swapOnly } from './apply.ts'
import { parseIoStat } from './stats.ts'

function fakeCgroup(t: TestContext, files: Record<string, string>): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'teu-cgroup-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return (name) => (name === '' ? folder : readFileSync(join(folder, name), 'utf8'))
}

test('limits land in the files of v2', (t) => {
  const empty = { 'memory.max': '', 'memory.low': '', 'memory.swap.max': '', 'pids.max': '', 'cpu.weight': '' }
  const read = fakeCgroup(t, { ...empty, 'cpu.max': '', 'cpuset.cpus': '', 'io.weight': '' })
  applyV2Resources(read(''), {
    memory: { limit: 1000, swap: 3000, reservation: 500 },
    cpu: { shares: 1024, quota: 50000, cpus: '0-1' },
    pids: { limit: 10 },
    blockIO: { weight: 1000 },
  })
  assert.equal(read('memory.max'), '1000')
  assert.equal(read('memory.swap.max'), '2000')
  assert.equal(read('memory.low'), '500')
  assert.equal(read('cpu.weight'), '100')
  assert.equal(read('cpu.max'), '50000 100000')
  assert.equal(read('cpuset.cpus'), '0-1')
  assert.equal(read('pids.max'), '10')
  assert.equal(read('io.weight'), 'default 10000')
})

test('-1 is no limit, and a period alone keeps the quota', (t) => {
  const read = fakeCgroup(t, { 'memory.max': '', 'memory.swap.max': '', 'cpu.max': '', 'pids.max': '' })
  writeFileSync(join(read(''), 'cpu.max'), '7000 10000')
  applyV2Resources(read(''), { memory: { limit: -1 }, cpu: { period: 20000 }, pids: { limit: -1 } })
  assert.deepEqual(
    [read('memory.max'), read('memory.swap.max')].map((text) => text.trim()),
    ['max', 'max'],
  )
  assert.equal(read('cpu.max').slice(0, 10), '7000 20000')
  assert.equal(read('pids.max'), 'max')
})

test('a limit without its file is ENOENT, a path as unified key is refused', (t) => {
  const read = fakeCgroup(t, {})
  assert.throws(() => applyV2Resources(read(''), { pids: { limit: 1 } }), { code: 'ENOENT' })
  for (const key of ['../x', 'a/b.c', 'cgroup', '']) {
    assert.throws(() => applyV2Resources(read(''), { unified: { [key]: '1' } }), { code: 'EINVAL' }, key)
  }
})

test('a memory limit below what is used is refused when asked to look', (t) => {
  const read = fakeCgroup(t, { 'memory.current': '5000\n', 'memory.max': 'max\n' })
  const memory = { limit: 4000, checkBeforeUpdate: true }
  assert.throws(() => applyV2Resources(read(''), { memory }), { code: 'EBUSY', message: /usage is 5000/ })
  assert.equal(read('memory.max'), 'max\n')
  applyV2Resources(read(''), { memory: { ...memory, limit: 6000 } })
  applyV2Resources(read(''), { memory: { limit: 4000 } })
})

test('conversions from v1 numbers', () => {
  assert.deepEqual([2, 1024, 262144].map(cpuWeight), [1, 100, 10000])
  assert.deepEqual([10, 500, 1000].map(ioWeight), [1, 4950, 10000])
  assert.equal(swapOnly({ limit: 100, swap: -1 }), 'max')
  assert.equal(swapOnly({ limit: 100, swap: 100 }), '0')
  assert.equal(swapOnly({ limit: 100 }), undefined)
  assert.throws(() => swapOnly({ limit: 100, swap: 50 }), { code: 'EINVAL' })
  assert.throws(() => swapOnly({ swap: 50 }), { code: 'EINVAL' })
  assert.deepEqual([64, 2048, 1048576].map(hugePageSizeName), ['64KB', '2MB', '1GB'])
})

test('io.stat becomes entries', () => {
  const stats = parseIoStat('8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n259:1 \n')
  assert.deepEqual(stats.ioServiceBytes[0], { major: 8, minor: 0, op: 'Read', value: 10n })
  assert.equal(stats.ioServiceBytes.length, 3)
  assert.equal(stats.ioServiced.length, 3)
})

test('what v2 has not is refused by its name, before anything is written', (t) => {
  const read = fakeCgroup(t, { 'pids.max': '7' })
  for (const [name, resources] of Object.entries({
    'memory.kernelTCP': { memory: { kernelTCP: 1 } },
    'blockIO.leafWeight': { blockIO: { leafWeight: 10 } },
    network: { network: { classID: 1 } },
  })) {
    const message = new RegExp(`\\(linux\\.resources\\.${name}\\)$`)
    assert.throws(() => applyV2Resources(read(''), { pids: { limit: 5 }, ...resources }), { code: 'EINVAL', message })
  }
  const weightDevice = [{ major: 8, minor: 0, leafWeight: 10 }]
  assert.throws(() => applyV2Resources(read(''), { blockIO: { weightDevice } }), { code: 'EINVAL' })
  assert.throws(() => applyV2Resources(read(''), { network: { priorities: [{ name: 'lo', priority: 1 }] } }))
  assert.equal(read('pids.max'), '7')
  applyV2Resources(read(''), { memory: { swappiness: 1, disableOOMKiller: true }, network: {}, pids: { limit: 5 } })
  assert.equal(read('pids.max'), '5')
})
