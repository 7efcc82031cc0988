// SPDX-License-Identifier: Apache-2.0
// Which tasks share a shim of ours.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { inTest } from './daemon.ts'
import { create, exitOf, fixture, own, shimPids, skipReason, until } from './tasks-fixture.ts'

test('one shim of ours has the tasks of a namespace, and each pod its own; all come back', {
  skip: skipReason(own),
  timeout: 120_000,
}, async (t) => {
  const at = await fixture(t, own)
  const { services } = at.daemon
  const pod = { 'io.kubernetes.cri.sandbox-id': 'pod' }
  const names = ['plain', 'other', 'pod', 'member']
  const made = []
  for (const [index, id] of names.entries()) {
    made.push(await create(at, services, id, ['sleep', '1000'], index < 2 ? {} : pod))
    await services.tasks.start({ containerId: id, execId: '' }, inTest)
  }
  const addressOf = (id: string) => {
    const file = join(at.folder, 'state/io.containerd.runtime.v2.task/test', id, 'bootstrap.json')
    return (JSON.parse(readFileSync(file, 'utf8')) as { address: string }).address
  }
  const [plain, other, first, member] = names.map(addressOf)
  assert.deepEqual([plain === other, first === member, plain === first], [true, true, false])
  // What is about to execute another program has the same command line for a moment.
  await until('there are two shims', () => shimPids(at).length === 2)
  for (const pid of shimPids(at)) process.kill(pid, 'SIGKILL')
  for (const { id, pid } of made) {
    await until(`${id} is back`, async () => {
      const answer = await services.tasks.get({ containerId: id, execId: '' }, inTest).catch(() => undefined)
      return answer?.process?.status === 2 && answer.process.pid === pid
    })
  }
  assert.deepEqual(names.map(addressOf), [plain, other, first, member])
  for (const id of names) {
    await services.tasks.kill({ containerId: id, execId: '', signal: 9, all: false }, inTest)
    assert.equal((await services.tasks.wait({ containerId: id, execId: '' }, inTest)).exitStatus, 137)
    await services.tasks.delete({ containerId: id }, inTest)
    await until(`the end of ${id} is told`, () => exitOf(at, id).length > 0)
    assert.equal(exitOf(at, id).length, 1)
  }
  // The shim of the pod goes with the pod; that of the namespace stays a while.
  await until('the pod has no shim', () => shimPids(at).length === 1)
})
