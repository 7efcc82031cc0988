// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import type { ContainerEvent } from '@teu/runtime'
import { testBesideOriginals } from '../../../scripts/originals.mjs'
import { call, programArguments, teu } from './kit/program.ts'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

test('statistics say what the limits are and what is used', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running((spec) => {
    spec.linux.resources = { memory: { limit: 64 << 20 }, pids: { limit: 17 } }
  })
  const { memory, pids, cpu } = await workshop.runtime.stats(id)
  assert.equal(memory.limit, BigInt(64 << 20))
  assert.ok(memory.usage > 0n && cpu.usageNs > 0n)
  assert.deepEqual(pids, { current: 1n, limit: 17n })
})

test('statistics come at the interval, and an out-of-memory condition at once', rooted, async () => {
  await using workshop = new Workshop()
  // The reader of a pipe that nobody writes to keeps the container up while a child of it dies for want of memory.
  const id = await workshop.running((spec) => {
    spec.process.args = ['sh', '-c', 'while :; do sleep 0.3; (exec head -c 200m /dev/zero | tail >/dev/null); done']
    spec.linux.resources = { memory: { limit: 24 << 20, swap: 24 << 20 } }
  })
  const seen = new Set<string>()
  const timeout = AbortSignal.timeout(30_000)
  for await (const event of workshop.runtime.events(id, { intervalMs: 50, signal: timeout })) {
    assert.equal(event.id, id)
    seen.add(event.type)
    if (seen.size === 2) break
  }
  assert.deepEqual([...seen].sort(), ['oom', 'stats'])
})

test('watching ends with the container, and with the signal', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running()
  const seen: ContainerEvent[] = []
  const watched = (async () => {
    for await (const event of workshop.runtime.events(id, { intervalMs: 20 })) seen.push(event)
  })()
  while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  await workshop.runtime.delete(id, { force: true })
  await watched

  const other = await workshop.running()
  const interrupted = workshop.runtime.events(other, { signal: AbortSignal.timeout(50) })
  await assert.rejects(interrupted[Symbol.asyncIterator]().next(), { name: 'TimeoutError' })
})

test('a container that is stopped or not there has no events', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running()
  await workshop.runtime.kill(id, 9)
  while ((await workshop.runtime.state(id)).status !== 'stopped') await new Promise((resolve) => setTimeout(resolve, 5))
  const stopped = { code: 'failed-precondition', message: `container with id ${id} is not running` }
  await assert.rejects(workshop.runtime.stats(id), stopped)
  await assert.rejects(workshop.runtime.events(id)[Symbol.asyncIterator]().next(), stopped)
  await assert.rejects(workshop.runtime.stats('nope'), { code: 'not-found' })
})

test('events prints a line an event until the container is gone', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running()
  const child = spawn(process.execPath, [
    ...programArguments,
    '--root',
    workshop.root,
    'events',
    '--interval',
    '20ms',
    id,
  ])
  let lines = 0
  for await (const line of createInterface({ input: child.stdout })) {
    assert.equal(JSON.parse(line).type, 'stats')
    if (lines++ === 0) await workshop.runtime.delete(id, { force: true })
  }
  const status = child.exitCode ?? (await new Promise((resolve) => child.on('exit', resolve)))
  assert.equal(status, 0)
})

testBesideOriginals(
  'events has the shape, the words and the status of runc',
  {
    ...rooted,
    skip: rooted.skip,
  },
  async () => {
    await using workshop = new Workshop()
    const bundle = workshop.bundle(['sleep', '1000'])
    const { mounts, ...spec } = JSON.parse(JSON.stringify(workshop.spec(['sleep', '1000'])))
    assert.ok(mounts && spec)
    const runcRoot = `${workshop.directory}/runc`
    const runc = (...args: string[]) =>
      call('runc', ['--root', runcRoot, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    const ours = (...args: string[]) => teu(workshop, args)
    await workshop.runtime.create('c', { bundle, stdio: ['ignore', 'ignore', 'ignore'] })
    await workshop.runtime.start('c')
    const theirBundle = workshop.bundle(['sleep', '1000'])
    call('runc', ['--root', runcRoot, 'run', '--detach', '--bundle', theirBundle, 'c'], { stdio: 'ignore' })
    try {
      const theirs = JSON.parse(runc('events', '--stats', 'c').stdout)
      const own = JSON.parse(ours('events', '--stats', 'c').stdout)
      assert.deepEqual(shape(own), shape(theirs))
      for (const args of [
        ['events', '--stats', 'nope'],
        ['events', '--interval', '0', 'c'],
        ['events', '--interval', '-1s', 'c'],
        ['events', '--interval', 'soon', 'c'],
      ]) {
        const [a, b] = [ours(...args), runc(...args)]
        assert.equal(a.status, b.status, args.join(' '))
        assert.equal(message(a.stderr), message(b.stderr), args.join(' '))
      }
    } finally {
      runc('delete', '--force', 'c')
    }
  },
)

test('checkpoint and restore say that they are not supported', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running()
  const call = (...args: string[]) => teu(workshop, args)
  const refused = call('checkpoint', '--image-path', '/x', '--leave-running', '--tcp-established', id)
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /checkpoint is not supported/)
  assert.match(call('checkpoint', 'nope').stderr, /container does not exist/)
  const restored = call('restore', '--image-path', '/x', '--bundle', '/y', '-d', 'new')
  assert.equal(restored.status, 1)
  assert.match(restored.stderr, /restore is not supported/)
  assert.equal((await workshop.runtime.state(id)).status, 'running')
})

/** The keys and kinds of a JSON value; what depends on when it was asked is left out. */
function shape(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shape(value[0])]
  if (typeof value !== 'object' || value === null) return value === null ? null : typeof value
  if (key === 'raw') return 'counters'
  const sometimes = new Set([
    'cache',
    'usage',
    'max',
    'total',
    'ioServiceBytesRecursive',
    'ioServicedRecursive',
    'limit',
  ])
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, item]) => !sometimes.has(name) || (typeof item === 'object' && !Array.isArray(item)))
      .map(([name, item]) => [name, shape(item, name)]),
  )
}

function message(line: string): string | undefined {
  return /msg="(.*)"\n/.exec(line)?.[1]
}
