// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { execProcess } from './container-config.ts'
import { readAll } from './fifos.ts'
import { ShimFixture } from './shim-fixture.ts'
import { runtimesUnderTest } from './shims-under-test.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'

for (const { name, binaryName } of runtimesUnderTest) {
  test(`${name}: create, start, output, exit and delete, with their events in order`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const bundle = await fixture.bundle({ args: ['sh', '-c', 'echo out; echo err >&2; exit 3'], binaryName })
    const [out, err] = [readAll(bundle.stdout), readAll(bundle.stderr)]
    const task = await fixture.connect(bundle)
    const pid = await fixture.createTask(task, bundle)
    assert.equal((await task.state({ id: bundle.id, execId: '' })).status, 1)
    assert.equal((await task.start({ id: bundle.id, execId: '' })).pid, pid)
    assert.equal((await task.wait({ id: bundle.id, execId: '' }, { timeoutMs: 10_000 })).exitStatus, 3)
    assert.equal((await out).toString(), 'out\n')
    assert.equal((await err).toString(), 'err\n')
    const gone = await task.delete({ id: bundle.id, execId: '' })
    assert.equal(gone.exitStatus, 3)
    assert.equal(gone.pid, pid)
    await fixture.until(() => fixture.topics(bundle.id).includes('delete'))
    assert.deepEqual(fixture.topics(bundle.id), ['create', 'start', 'exit init', 'delete'])
    await assert.rejects(task.state({ id: bundle.id, execId: '' }), { code: 'not-found' })
  })

  test(`${name}: exec, kill, pids and the exit of execs before that of the container`, { skip }, async () => {
    await using fixture = await ShimFixture.create()
    const { id, task } = await fixture.run({ args: ['sleep', '1000'], binaryName })
    const exec = { id, execId: 'e1', terminal: false, stdin: '', stdout: '', stderr: '' }
    await task.exec({ ...exec, spec: execProcess(['sh', '-c', 'exit 7']) })
    await assert.rejects(task.exec({ ...exec, spec: execProcess(['true']) }), { code: 'already-exists' })
    await task.start({ id, execId: 'e1' })
    assert.equal((await task.wait({ id, execId: 'e1' }, { timeoutMs: 10_000 })).exitStatus, 7)
    assert.equal((await task.delete({ id, execId: 'e1' })).exitStatus, 7)
    await task.exec({ ...exec, execId: 'e2', spec: execProcess(['sleep', '1000']) })
    const { pid } = await task.start({ id, execId: 'e2' })
    assert.ok((await task.pids({ id })).processes.some((process) => process.pid === pid && process.info))
    await assert.rejects(task.delete({ id, execId: '' }), { code: 'failed-precondition' })
    await task.kill({ id, execId: '', signal: 9, all: false })
    assert.equal((await task.wait({ id, execId: '' }, { timeoutMs: 10_000 })).exitStatus, 137)
    await assert.rejects(task.kill({ id, execId: '', signal: 9, all: false }), { code: 'not-found' })
    await task.delete({ id, execId: '' })
    await fixture.until(() => fixture.topics(id).includes('delete'))
    assert.deepEqual(fixture.topics(id), [
      'create',
      'start',
      'exec-added',
      'exec-started',
      'exit e1',
      'exec-added',
      'exec-started',
      'exit e2',
      'exit init',
      'delete',
    ])
  })
}
