// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { metricsV1, metricsV2, ociTypeUrls, packJson, type StatsResponse } from '@teu/shim-api'
import { containerConfig } from './container-config.ts'
import { readAll } from './fifos.ts'
import { processesIn } from './processes.ts'
import { ShimFixture } from './shim-fixture.ts'
import { runtimesUnderTest } from './shims-under-test.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'

for (const { name, binaryName } of runtimesUnderTest) {
  test(`${name}: pause and resume, statistics, and limits that change`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const bundle = await fixture.bundle({ args: ['sleep', '1000'], binaryName })
    const { id } = bundle
    const task = await fixture.connect(bundle)
    await fixture.createTask(task, bundle)
    await assert.rejects(task.pause({ id }), { code: 'failed-precondition' })
    await task.start({ id, execId: '' })
    await task.pause({ id })
    assert.equal((await task.state({ id, execId: '' })).status, 4)
    await assert.rejects(task.pause({ id }), { code: 'failed-precondition' })
    await task.resume({ id })
    assert.equal((await task.state({ id, execId: '' })).status, 2)
    const resources = packJson(ociTypeUrls.linuxResources, { pids: { limit: 77 }, memory: { limit: 64 * 1024 * 1024 } })
    await task.update({ id, resources, annotations: {} })
    const { pids, memoryLimit } = limitsIn(await task.stats({ id }))
    assert.equal(pids, 77n)
    assert.equal(memoryLimit, 64n * 1024n * 1024n)
    await assert.rejects(task.checkpoint({ id, path: '/x', options: undefined }), { code: 'not-implemented' })
    await fixture.end({ task, id })
    await fixture.until(() => fixture.topics(id).includes('delete'))
    assert.deepEqual(fixture.topics(id), ['create', 'start', 'paused', 'resumed', 'exit init', 'delete'])
  })

  test(`${name}: output is appended to a file for both streams`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const made = await fixture.bundle({ args: ['sh', '-c', 'echo one; echo two >&2'], binaryName })
    const log = join(fixture.folder, 'not/there/yet/output.log')
    const bundle = { ...made, stdout: `file://${log}`, stderr: `file://${log}` }
    const task = await fixture.connect(bundle)
    await fixture.createTask(task, bundle)
    await task.start({ id: bundle.id, execId: '' })
    await task.wait({ id: bundle.id, execId: '' }, { timeoutMs: 10_000 })
    assert.equal(await readFile(log, 'utf8'), 'one\ntwo\n')
    await task.delete({ id: bundle.id, execId: '' })
  })

  test(`${name}: the limits of an exec come through exactly, to the last bit`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const { bundle, id, task } = await fixture.run({ args: ['sleep', '1000'], binaryName })
    const find = 'while read line; do case $line in "Max core"*) echo $line; esac; done < /proc/self/limits > /limits'
    const rlimits = [{ type: 'RLIMIT_CORE', soft: 2n ** 53n + 1n, hard: 2n ** 64n - 1n }]
    const process = { ...containerConfig({ args: ['sh', '-c', find] }).process, rlimits }
    const streams = { terminal: false, stdin: '', stdout: '', stderr: '' }
    await task.exec({ id, execId: 'e', ...streams, spec: packJson(ociTypeUrls.process, process) })
    await task.start({ id, execId: 'e' })
    assert.equal((await task.wait({ id, execId: 'e' }, { timeoutMs: 10_000 })).exitStatus, 0)
    const limits = await readFile(join(bundle.path, 'rootfs/limits'), 'utf8')
    assert.equal(limits, 'Max core file size 9007199254740993 unlimited bytes\n')
  })

  test(`${name}: a container cannot cut short or read the file that takes its output`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    // dd truncates what it writes to; a reader of /dev/stdout would see the host's file.
    const script =
      'echo kept; dd if=/dev/zero of=/dev/stdout bs=1 count=0 2>/dev/null; [ -p /dev/stdout ] && seq 1 200000'
    const made = await fixture.bundle({ args: ['sh', '-c', script], binaryName })
    const log = join(fixture.folder, 'output.log')
    const bundle = { ...made, stdout: `file://${log}`, stderr: `file://${log}` }
    const { id } = bundle
    const task = await fixture.connect(bundle)
    await fixture.createTask(task, bundle)
    fixture.killShims()
    const next = await fixture.connect(bundle)
    await next.start({ id, execId: '' })
    assert.equal((await next.wait({ id, execId: '' }, { timeoutMs: 10_000 })).exitStatus, 0)
    const numbers = Array.from({ length: 200_000 }, (_, at) => `${at + 1}\n`).join('')
    assert.equal(await readFile(log, 'utf8'), `kept\n${numbers}`)
    await next.delete({ id, execId: '' })
    await fixture.until(() => processesIn(bundle.path).length === 0)
  })

  test(`${name}: a file takes what a terminal says, and a second container appends to it`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const log = join(fixture.folder, 'terminal output.log')
    for (const word of ['one', 'two']) {
      const args = ['sh', '-c', `echo ${word}; echo err >&2`]
      const made = await fixture.bundle({ args, binaryName, terminal: true })
      const bundle = { ...made, stdout: `file://${encodeURI(log)}`, stderr: '' }
      const task = await fixture.connect(bundle)
      await fixture.createTask(task, bundle)
      await task.start({ id: bundle.id, execId: '' })
      await task.wait({ id: bundle.id, execId: '' }, { timeoutMs: 10_000 })
      await task.delete({ id: bundle.id, execId: '' })
    }
    await fixture.until(async () => (await readFile(log, 'utf8')).length === 20)
    assert.equal(await readFile(log, 'utf8'), 'one\r\nerr\r\ntwo\r\nerr\r\n')
  })

  test(`${name}: without streams a process has /dev/null, and a terminal's output goes nowhere`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const script = 'read line; for fd in 0 1 2; do echo $fd; done; [ -z "$line" ] && [ -c /dev/stdout ] && exit 4'
    for (const terminal of [false, true]) {
      const args = terminal ? ['sh', '-c', 'seq 1 20000; exit 4'] : ['sh', '-c', script]
      const made = await fixture.bundle({ args, binaryName, terminal })
      const bundle = { ...made, stdin: '', stdout: '', stderr: '' }
      const task = await fixture.connect(bundle)
      await fixture.createTask(task, bundle)
      await task.start({ id: bundle.id, execId: '' })
      const { exitStatus } = await task.wait({ id: bundle.id, execId: '' }, { timeoutMs: 10_000 })
      assert.equal(exitStatus, 4, `terminal: ${terminal}`)
      await task.delete({ id: bundle.id, execId: '' })
    }
  })

  test(`${name}: a container that runs out of memory is told of once a kill, before its end`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const memoryLimit = 8 * 1024 * 1024
    for (const script of ['exec dd if=/dev/zero of=/x bs=64M', 'dd if=/dev/zero of=/x bs=64M; exit 0']) {
      const { id, task } = await fixture.run(
        { args: ['sh', '-c', script], binaryName, memoryLimit },
        { stdout: '', stderr: '' },
      )
      const { exitStatus } = await task.wait({ id, execId: '' }, { timeoutMs: 20_000 })
      assert.equal(exitStatus, script.startsWith('exec') ? 137 : 0)
      await task.delete({ id, execId: '' })
      await fixture.until(() => fixture.topics(id).includes('delete'))
      assert.deepEqual(fixture.topics(id), ['create', 'start', 'oom', 'exit init', 'delete'])
    }
  })
}

test('a shared pid namespace: the other processes end, and are told of, before the container', { skip }, async () => {
  await using fixture = await ShimFixture.create()
  const { id, task } = await fixture.run({
    args: ['sh', '-c', 'sleep 1000 & read line'],
    stdin: true,
    sharedPids: true,
  })
  await fixture.until(async () => (await task.pids({ id })).processes.length === 2)
  const other = (await task.pids({ id })).processes.map(({ pid }) => pid).at(-1)
  await task.closeIO({ id, execId: '', stdin: true })
  await task.wait({ id, execId: '' }, { timeoutMs: 10_000 })
  await fixture.until(() => fixture.topics(id).includes('exit init') && !existsSync(`/proc/${other}/exe`))
  await task.delete({ id, execId: '' })
})

test('forty containers, eight at a time: whole output, right events, and nothing kept open', { skip }, async () => {
  await using fixture = await ShimFixture.create()
  const first = await fixture.bundle({ args: ['true'] })
  const task = await fixture.connect(first)
  const runOne = async (number: number) => {
    const bundle = await fixture.bundle({ args: ['sh', '-c', `echo ${number}; exit ${number}`] })
    const { id } = bundle
    const out = readAll(bundle.stdout)
    await fixture.createTask(task, bundle)
    await task.start({ id, execId: '' })
    assert.equal((await task.wait({ id, execId: '' }, { timeoutMs: 30_000 })).exitStatus, number)
    assert.equal((await out).toString(), `${number}\n`)
    await task.delete({ id, execId: '' })
    return id
  }
  const warm = await runOne(100)
  await fixture.createTask(task, first)
  const { shimPid } = await task.connect({ id: first.id })
  const descriptors = () => readdirSync(`/proc/${shimPid}/fd`).length
  await fixture.until(() => fixture.topics(warm).includes('delete'))
  const before = descriptors()
  const ids: string[] = []
  const numbers = Array.from({ length: 40 }, (_, number) => number)
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) ids.push(await runOne(number))
    }),
  )
  await fixture.until(() => ids.every((id) => fixture.topics(id).includes('delete')))
  for (const id of ids) assert.deepEqual(fixture.topics(id), ['create', 'start', 'exit init', 'delete'])
  await fixture.until(() => descriptors() <= before)
})

function limitsIn({ stats }: StatsResponse): { pids: bigint | undefined; memoryLimit: bigint | undefined } {
  if (stats?.typeUrl === metricsV1.typeUrl) {
    const { pids, memory } = metricsV1.decode(stats.value)
    return { pids: pids?.limit, memoryLimit: memory?.usage?.limit }
  }
  const { pids, memory } = metricsV2.decode(stats?.value as Uint8Array)
  return { pids: pids?.limit, memoryLimit: memory?.usageLimit }
}
