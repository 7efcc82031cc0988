// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { createHash, type Hash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { chmod, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { nanosFromTimestamp, type TaskService } from '@teu/shim-api'
import type { Bundle } from './bundles.ts'
import { execProcess } from './container-config.ts'
import { processesIn } from './processes.ts'
import { ShimFixture } from './shim-fixture.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'
const numbers = 1_500_000

/** The numbers from 1, as `seq` writes them. */
function expected(lineEnd: string): { bytes: number; hash: string } {
  const hash = createHash('sha256')
  let bytes = 0
  for (let from = 1; from <= numbers; from += 10_000) {
    const to = Math.min(from + 9_999, numbers)
    let text = ''
    for (let number = from; number <= to; number++) text += `${number}${lineEnd}`
    bytes += text.length
    hash.update(text)
  }
  return { bytes, hash: hash.digest('hex') }
}

/** Reads a FIFO to its end, not faster than a few dozen MB a second, and tells how far it is. */
class Reader {
  bytes = 0
  readonly #hash: Hash = createHash('sha256')
  readonly done: Promise<{ bytes: number; hash: string }>

  constructor(path: string) {
    this.done = this.#read(path)
  }

  async #read(path: string): Promise<{ bytes: number; hash: string }> {
    for await (const chunk of createReadStream(path)) {
      this.#hash.update(chunk as Buffer)
      this.bytes += (chunk as Buffer).length
      await delay(1)
    }
    return { bytes: this.bytes, hash: this.#hash.digest('hex') }
  }
}

async function run(fixture: ShimFixture, task: TaskService, bundle: Bundle): Promise<number> {
  const pid = await fixture.createTask(task, bundle)
  await task.start({ id: bundle.id, execId: '' })
  return pid
}

async function killShim(task: TaskService, { id }: Bundle): Promise<void> {
  const { shimPid } = await task.connect({ id })
  process.kill(shimPid, 'SIGKILL')
  await delay(20)
}

const isRunning = async (pid: number) => !/^State:\tZ/m.test(await readFile(`/proc/${pid}/status`, 'utf8'))
const exits = (fixture: ShimFixture, id: string) => fixture.topics(id).filter((topic) => topic.startsWith('exit'))

async function write(path: string, text: string): Promise<void> {
  const file = await open(path, 'w')
  await file.writeFile(text)
  await file.close()
}

test('twenty containers outlive their shim: every byte, every exit once, with its own time', { skip }, async () => {
  await using fixture = await ShimFixture.create()
  // Sixteen wait for a line, every fourth of them on a terminal; two write at full speed; two take execs.
  const waiting = await Promise.all(
    Array.from({ length: 16 }, (_, number) =>
      fixture.bundle({
        args: ['sh', '-c', `read line; echo got $line; exit ${number + 10}`],
        stdin: true,
        terminal: number % 4 === 0,
      }),
    ),
  )
  const script = ['seq', '1', String(numbers)]
  const writers = [await fixture.bundle({ args: script }), await fixture.bundle({ args: script, terminal: true })]
  const idle = [await fixture.bundle({ args: ['sleep', '1000'] }), await fixture.bundle({ args: ['sleep', '1000'] })]
  const all = [...waiting, ...idle, ...writers]
  const first = all[0] as Bundle
  const task = await fixture.connect(first)
  const pids = new Map<string, number>()
  const readers = writers.map(({ stdout }) => new Reader(stdout))
  for (const bundle of all) pids.set(bundle.id, await run(fixture, task, bundle))
  const host = idle[0] as Bundle
  const exec = { id: host.id, execId: 'long', terminal: false, stdin: '', stdout: host.stdout, stderr: '' }
  await task.exec({ ...exec, spec: execProcess(['sh', '-c', 'sleep 1; echo of the exec; exit 42']) })
  const { pid: execPid } = await task.start({ id: host.id, execId: 'long' })

  await killShim(task, first)
  for (const [id, pid] of pids) {
    if (!writers.some((writer) => writer.id === id)) assert.ok(await isRunning(pid), id)
  }
  const before = readers.map(({ bytes }) => bytes)
  const endedAt = new Map<string, number>()
  for (const bundle of waiting.slice(0, 8)) {
    await write(bundle.stdin, 'hello\n')
    await fixture.until(() => existsSync(join(bundle.path, 'teu/init.exit')))
    endedAt.set(bundle.id, Date.now())
  }
  await fixture.until(() => !existsSync(`/proc/${execPid}`))
  assert.deepEqual(exits(fixture, first.id), [], 'told by nobody yet')
  await delay(300)

  let shim = await fixture.connect(first)
  for (const [number, bundle] of waiting.entries()) {
    const { id } = bundle
    const { status, pid } = await shim.state({ id, execId: '' })
    assert.deepEqual([status, pid], [number < 8 ? 3 : 2, pids.get(id)])
    if (number >= 8) continue
    const end = await shim.wait({ id, execId: '' }, { timeoutMs: 5000 })
    assert.equal(end.exitStatus, number + 10)
    const atMs = Number(nanosFromTimestamp(end.exitedAt as never) / 1_000_000n)
    assert.ok(Math.abs(atMs - (endedAt.get(id) as number)) < 200, `${id} ended at ${atMs}`)
    await fixture.until(() => exits(fixture, id).length === 1)
  }
  assert.equal((await shim.wait({ id: host.id, execId: 'long' }, { timeoutMs: 5000 })).exitStatus, 42)
  // While the writers write: again and again.
  for (let round = 0; round < 4; round++) {
    await killShim(shim, first)
    shim = await fixture.connect(first)
  }
  assert.ok(
    before.every((bytes, index) => bytes < expected(index === 0 ? '\n' : '\r\n').bytes),
    'killed too late',
  )
  assert.deepEqual(await readers[0]?.done, expected('\n'))
  assert.deepEqual(await readers[1]?.done, expected('\r\n'))
  for (const bundle of waiting.slice(8)) await write(bundle.stdin, 'hello\n')
  for (const bundle of idle) await shim.kill({ id: bundle.id, execId: '', signal: 9, all: true })
  for (const [number, { id }] of all.entries()) {
    const { exitStatus } = await shim.wait({ id, execId: '' }, { timeoutMs: 10_000 })
    assert.equal(exitStatus, number < 16 ? number + 10 : number < 18 ? 137 : 0)
  }
  await fixture.until(() => all.every(({ id }) => fixture.topics(id).includes('exit init')))
  await killShim(shim, first)
  shim = await fixture.connect(first)
  await delay(200)
  for (const { id } of all)
    assert.deepEqual(exits(fixture, id), id === host.id ? ['exit long', 'exit init'] : ['exit init'])
  for (const { id } of all) await shim.delete({ id, execId: '' })
  for (const { path } of all) await fixture.until(() => processesIn(path).length === 0)
})

test('a monitor that is killed ends its container alone', { skip }, async () => {
  await using fixture = await ShimFixture.create()
  const bundles = [await fixture.bundle({ args: ['sleep', '1000'] }), await fixture.bundle({ args: ['sleep', '1000'] })]
  const [victim, other] = bundles as [Bundle, Bundle]
  const task = await fixture.connect(victim)
  const pids = [await run(fixture, task, victim), await run(fixture, task, other)] as [number, number]
  const exec = { id: other.id, execId: 'e', terminal: false, stdin: '', stdout: '', stderr: '' }
  await task.exec({ ...exec, spec: execProcess(['sleep', '1000']) })
  const { pid: execPid } = await task.start({ id: other.id, execId: 'e' })
  process.kill(await parentOf(pids[0]), 'SIGKILL')
  assert.equal((await task.wait({ id: victim.id, execId: '' }, { timeoutMs: 5000 })).exitStatus, 137)
  await fixture.until(() => exits(fixture, victim.id).length === 1 && !existsSync(`/proc/${pids[0]}/exe`))
  await task.delete({ id: victim.id, execId: '' })
  assert.ok(await isRunning(pids[1]))
  // Also while there is no shim, and of an exec: its container goes on.
  await killShim(task, other)
  process.kill(await parentOf(execPid), 'SIGKILL')
  const again = await fixture.connect(other)
  assert.equal((await again.wait({ id: other.id, execId: 'e' }, { timeoutMs: 5000 })).exitStatus, 137)
  assert.equal((await again.state({ id: other.id, execId: '' })).status, 2)
  await fixture.until(() => !existsSync(`/proc/${execPid}/exe`))
  await again.kill({ id: other.id, execId: '', signal: 9, all: true })
  await again.wait({ id: other.id, execId: '' }, { timeoutMs: 5000 })
  await again.delete({ id: other.id, execId: '' })
  await fixture.until(() => fixture.topics(other.id).includes('delete'))
  assert.deepEqual(exits(fixture, other.id), ['exit e', 'exit init'])
})

test('a newer program takes over running containers', { skip }, async () => {
  await using fixture = await ShimFixture.create()
  const bundle = await fixture.bundle({ args: ['sh', '-c', 'read line; exit 9'], stdin: true })
  const { id } = bundle
  const task = await fixture.connect(bundle)
  const pid = await run(fixture, task, bundle)
  const newer = join(fixture.folder, 'containerd-shim-teu-newer')
  const script = await readFile(fixture.shimBinary, 'utf8')
  await writeFile(newer, script.replace('--conditions', '--title=newer --conditions'))
  await chmod(newer, 0o755)
  await killShim(task, bundle)
  const again = await fixture.connect(bundle, { binary: newer })
  const { shimPid, taskPid } = await again.connect({ id })
  assert.match(await readFile(`/proc/${shimPid}/cmdline`, 'utf8'), /newer/)
  assert.equal(taskPid, pid)
  await write(bundle.stdin, 'hello\n')
  assert.equal((await again.wait({ id, execId: '' }, { timeoutMs: 5000 })).exitStatus, 9)
  await again.delete({ id, execId: '' })
  await fixture.until(() => fixture.topics(id).includes('delete'))
  assert.deepEqual(fixture.topics(id), ['create', 'start', 'exit init', 'delete'])
})

test('a container that a newer shim wrote down is left alone by an older one', { skip }, async () => {
  await using fixture = await ShimFixture.create()
  const bundle = await fixture.bundle({ args: ['sleep', '1000'] })
  const other = await fixture.bundle({ args: ['true'] })
  const { id } = bundle
  const task = await fixture.connect(bundle)
  const pid = await run(fixture, task, bundle)
  const file = join(bundle.path, 'teu/container.json')
  const record = await readFile(file, 'utf8')
  await writeFile(file, record.replace('"version":1', '"version":2'))
  await killShim(task, bundle)
  const older = await fixture.connect(other)
  await assert.rejects(older.state({ id, execId: '' }), { code: 'not-found' })
  assert.ok(await isRunning(pid))
  fixture.killShims()
  await writeFile(file, record)
  const newer = await fixture.connect(bundle)
  assert.equal((await newer.state({ id, execId: '' })).status, 2)
})

async function parentOf(pid: number): Promise<number> {
  return Number(/^PPid:\t(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1])
}
