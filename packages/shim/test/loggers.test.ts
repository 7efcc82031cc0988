// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { execProcess } from './container-config.ts'
import { LoggerProgram } from './logger-program.ts'
import { processesIn } from './processes.ts'
import { ShimFixture } from './shim-fixture.ts'
import { shimsUnderTest } from './shims-under-test.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'

for (const { name, binaryName, binary, isOurs } of shimsUnderTest) {
  test(`${name}: a logging program gets both streams whole, its parameters and whose output it is`, {
    skip,
  }, async () => {
    await using fixture = await ShimFixture.create(binary)
    const logger = await LoggerProgram.create(fixture, 'logger')
    const bundle = await fixture.bundle({ args: ['sh', '-c', 'seq 1 20000; echo bad >&2'], binaryName })
    const task = await fixture.connect(bundle)
    const uri = logger.uri('?to=a%20b&empty')
    await fixture.createTask(task, { ...bundle, stdout: uri, stderr: uri })
    assert.ok(logger.has('descriptors'), 'create waits until it is ready')
    await task.start({ id: bundle.id, execId: '' })
    await task.wait({ id: bundle.id, execId: '' }, { timeoutMs: 10_000 })
    // The original tells its program to end as soon as the output does.
    if (!isOurs) await delay(500)
    await task.delete({ id: bundle.id, execId: '' }, { timeoutMs: 20_000 })
    assert.ok(logger.has('done'), 'delete waits until it has ended')
    assert.equal(logger.note('stdout'), Array.from({ length: 20_000 }, (_, i) => `${i + 1}\n`).join(''))
    assert.equal(logger.note('stderr'), 'bad\n')
    assert.deepEqual(pairs(logger.note('args')), ['empty=', 'to=a b'])
    assert.equal(logger.note('environment'), `CONTAINER_ID=${bundle.id}\nCONTAINER_NAMESPACE=test\n`)
    assert.equal(logger.note('standard'), '/dev/null\n/dev/null\n/dev/null\n')
    assert.deepEqual(descriptorsOf(logger, isOurs), ['0', '1', '2', '255', '3', '4', '5'])
  })

  test(`${name}: what a terminal says goes to the first stream of a logging program`, { skip }, async () => {
    await using fixture = await ShimFixture.create(binary)
    const logger = await LoggerProgram.create(fixture, 'logger')
    const { bundle, task } = await fixture.run(
      { args: ['sh', '-c', 'echo out; echo err >&2'], binaryName, terminal: true },
      { stdout: logger.uri() },
    )
    await task.wait({ id: bundle.id, execId: '' }, { timeoutMs: 10_000 })
    if (!isOurs) await delay(500)
    await task.delete({ id: bundle.id, execId: '' }, { timeoutMs: 20_000 })
    // The original closes the second stream only when its garbage collector finds it, so its program may go on waiting.
    await fixture.until(() => logger.has('done') || (!isOurs && logger.note('stdout').endsWith('err\r\n')))
    assert.equal(logger.note('stdout'), 'out\r\nerr\r\n')
    assert.equal(logger.note('stderr'), '')
  })

  test(`${name}: an exec has a logging program of its own, which is told the exec's id`, { skip }, async () => {
    await using fixture = await ShimFixture.create(binary)
    const logger = await LoggerProgram.create(fixture, 'logger')
    const { id, task } = await fixture.run({ args: ['sleep', '1000'], binaryName }, { stdout: '', stderr: '' })
    const stdio = { stdin: '', stdout: logger.uri(), stderr: logger.uri(), terminal: false }
    await task.exec({ id, execId: 'e', ...stdio, spec: execProcess(['echo', 'hello']) })
    await task.start({ id, execId: 'e' })
    await task.wait({ id, execId: 'e' }, { timeoutMs: 10_000 })
    if (!isOurs) await delay(500)
    await task.delete({ id, execId: 'e' }, { timeoutMs: 20_000 })
    assert.equal(logger.note('stdout'), 'hello\n')
    assert.equal(logger.note('environment'), 'CONTAINER_ID=e\nCONTAINER_NAMESPACE=test\n')
    await fixture.end({ task, id })
  })

  test(`${name}: a logging program that is not there fails the create`, { skip }, async () => {
    await using fixture = await ShimFixture.create(binary)
    const bundle = await fixture.bundle({ args: ['true'], binaryName })
    const task = await fixture.connect(bundle)
    const uri = 'binary:///nowhere/logger'
    await assert.rejects(fixture.createTask(task, { ...bundle, stdout: uri, stderr: uri }), {
      message: /no such file or directory/i,
    })
    await assert.rejects(task.state({ id: bundle.id, execId: '' }), { code: 'not-found' })
    // The original's own process works in the bundle.
    if (isOurs) await fixture.until(() => processesIn(bundle.path).length === 0)
  })
}

test('a logging program outlives the shim, and not a line is lost', { skip }, async () => {
  await using fixture = await ShimFixture.create()
  const logger = await LoggerProgram.create(fixture, 'logger')
  const { bundle, id } = await fixture.run(
    { args: ['sh', '-c', 'for i in $(seq 1 3000); do echo line $i; done; sleep 2'] },
    { stdout: logger.uri(), stderr: logger.uri() },
  )
  fixture.killShims()
  const next = await fixture.connect(bundle)
  assert.equal((await next.wait({ id, execId: '' }, { timeoutMs: 10_000 })).exitStatus, 0)
  await next.delete({ id, execId: '' }, { timeoutMs: 20_000 })
  assert.equal(logger.note('stdout'), Array.from({ length: 3000 }, (_, i) => `line ${i + 1}\n`).join(''))
  assert.ok(logger.has('done'))
})

test('a logging program that goes on after the end is told to end', { skip }, async () => {
  await using fixture = await ShimFixture.create()
  const logger = await LoggerProgram.create(fixture, 'logger', { after: 'while [ ! -e signals ]; do sleep 0.1; done' })
  const { bundle, id, task } = await fixture.run(
    { args: ['echo', 'hello'] },
    { stdout: logger.uri(), stderr: logger.uri() },
  )
  await task.wait({ id, execId: '' }, { timeoutMs: 10_000 })
  await task.delete({ id, execId: '' }, { timeoutMs: 20_000 })
  assert.equal(logger.note('signals'), 'TERM\n')
  assert.equal(logger.note('stdout'), 'hello\n')
  await fixture.until(() => processesIn(bundle.path).length === 0)
})

test('a logging program that leaves at once breaks the output, not the container', { skip }, async () => {
  await using fixture = await ShimFixture.create()
  const logger = await LoggerProgram.create(fixture, 'logger', { before: 'exit 3' })
  // A first process is spared SIGPIPE, and sees the error.
  const script = 'sleep 0.5; echo one 2>/dev/null || exit 7'
  const { bundle, id, task } = await fixture.run(
    { args: ['sh', '-c', script] },
    { stdout: logger.uri(), stderr: logger.uri() },
  )
  const { exitStatus } = await task.wait({ id, execId: '' }, { timeoutMs: 10_000 })
  assert.equal(exitStatus, 7)
  await task.delete({ id, execId: '' }, { timeoutMs: 20_000 })
  assert.equal(existsSync(`${bundle.path}/teu/init.sock`), false)
})

/** What a logging program has open, 255 being its own script. The original lets through what it was started with. */
function descriptorsOf(logger: LoggerProgram, isOurs: boolean): string[] {
  const open = logger.note('descriptors').trim().split('\n').sort()
  return isOurs ? open : open.filter((fd) => fd === '255' || Number(fd) < 6)
}

/** The words two by two, sorted: the order of parameters is nobody's promise. */
function pairs(args: string): string[] {
  const words = args.split('\n').slice(0, -1)
  return words.flatMap((word, at) => (at % 2 === 0 ? [`${word}=${words[at + 1]}`] : [])).sort()
}
