// SPDX-License-Identifier: Apache-2.0
// Calls that meet at one task: each is answered as if they had come one after the other.
import assert from 'node:assert/strict'
import { existsSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { codeOf } from '@teu/errors'
import { execProcess } from './container-config.ts'
import { processesIn } from './processes.ts'
import { ShimFixture } from './shim-fixture.ts'
import { runtimesUnderTest } from './shims-under-test.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'
const noStreams = { stdin: '', stdout: '', stderr: '', terminal: false }
const limited = { timeoutMs: 20_000 }

/** The exit status that each call tells, or the code of its error. */
async function outcomes(calls: Promise<{ exitStatus?: number }>[]): Promise<(number | string | undefined)[]> {
  const settled = await Promise.allSettled(calls)
  return settled.map((each) => (each.status === 'fulfilled' ? each.value.exitStatus : codeOf(each.reason)))
}

for (const { name, binaryName } of runtimesUnderTest) {
  test(`${name}: of three deletes at once one tells the end, the others find nothing`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const { id, task } = await fixture.run({ args: ['sleep', '1000'], binaryName }, noStreams)
    await task.exec({ id, execId: 'e', ...noStreams, spec: execProcess(['sh', '-c', 'exit 5']) })
    await task.start({ id, execId: 'e' })
    await task.wait({ id, execId: 'e' }, limited)
    const three = (execId: string) => outcomes([1, 2, 3].map(() => task.delete({ id, execId }, limited)))
    assert.deepEqual(await three('e'), [5, 'not-found', 'not-found'])
    assert.deepEqual(await three(''), ['failed-precondition', 'failed-precondition', 'failed-precondition'])
    await task.kill({ id, execId: '', signal: 9, all: false })
    await task.wait({ id, execId: '' }, limited)
    assert.deepEqual(await three(''), [137, 'not-found', 'not-found'])
    await fixture.until(() => fixture.topics(id).includes('delete'))
    assert.equal(fixture.topics(id).filter((topic) => topic === 'delete').length, 1)
  })

  test(`${name}: a call that comes beside a delete is answered as before it or as after it`, { skip }, async () => {
    const allowed = new Set(['not-found', 'failed-precondition', undefined])
    for (const started of [false, true]) {
      // A shim each: one without containers leaves after a while.
      await using fixture = await ShimFixture.create()
      const bundle = await fixture.bundle({ args: ['sleep', '1000'], binaryName })
      const { id } = bundle
      const task = await fixture.connect(bundle)
      await fixture.createTask(task, { ...bundle, ...noStreams })
      await task.exec({ id, execId: 'e', ...noStreams, spec: execProcess(['true']) })
      if (started) {
        await task.start({ id, execId: '' })
        await task.kill({ id, execId: '', signal: 9, all: false })
        await task.wait({ id, execId: '' }, limited)
      }
      const deleted = task.delete({ id, execId: '' }, limited)
      // A failure of this test ends the connection first, and must not be hidden by that.
      deleted.catch(() => {})
      const kill = { id, execId: '', signal: 9, all: false }
      const beside = [
        () => task.start({ id, execId: '' }, limited),
        () => task.kill(kill, limited),
        () => task.kill({ ...kill, all: true }, limited),
        () => task.exec({ id, execId: 'late', ...noStreams, spec: execProcess(['true']) }, limited),
        () => task.pause({ id }, limited),
        () => task.resume({ id }, limited),
        () => task.delete({ id, execId: 'e' }, limited),
        () => task.start({ id, execId: '' }, limited),
        () => task.delete({ id, execId: '' }, limited),
      ]
      const codes = await Promise.all(
        beside.map((call) =>
          call().then(
            () => undefined,
            (error) => codeOf(error),
          ),
        ),
      )
      for (const [index, code] of codes.entries()) assert.ok(allowed.has(code), `call ${index}: ${code}`)
      // The calls whose turn comes after the delete find no container and no process.
      for (const index of [0, 4, 5, 7, 8]) assert.equal(codes[index], 'not-found', `call ${index}`)
      assert.equal((await deleted).exitStatus, 137)
      await assert.rejects(task.state({ id, execId: '' }), { code: 'not-found' })
      await fixture.until(() => processesIn(bundle.path).length === 0)
    }
  })

  test(`${name}: a container that takes the name of a deleted one is found by the next shim`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const bundle = await fixture.bundle({ args: ['sleep', '1000'], binaryName })
    const { id } = bundle
    const task = await fixture.connect(bundle)
    const { address } = await fixture.start(bundle)
    const link = join(`${address.replace('unix://', '')}.d`, id)
    const create = async () => {
      for (;;) {
        try {
          return await fixture.createTask(task, { ...bundle, ...noStreams })
        } catch (error) {
          assert.equal(codeOf(error), 'already-exists')
        }
      }
    }
    await create()
    for (let round = 0; round < 10; round++) {
      const deleted = task.delete({ id, execId: '' }, limited)
      await create()
      await deleted
      assert.ok(existsSync(bundle.path))
      assert.equal(readlinkSync(link), bundle.path, `round ${round}`)
    }
    await fixture.end({ task, id })
  })
}
