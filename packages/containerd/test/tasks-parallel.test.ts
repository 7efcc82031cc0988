// SPDX-License-Identifier: Apache-2.0
// Calls that meet at one task: each is answered as if they had come one after the other.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { packJson } from '@teu/containerd-api'
import { codeOf, messageOf } from '@teu/errors'
import { inTest } from './daemon.ts'
import { create, fixture, shims, skipReason } from './tasks-fixture.ts'

/** The outcome of each call: its value, or the code and the message of its error. */
async function outcomes<T>(calls: Promise<T>[]): Promise<(T | string)[]> {
  const settled = await Promise.allSettled(calls)
  return settled.map((each) =>
    each.status === 'fulfilled' ? each.value : `${codeOf(each.reason)}: ${messageOf(each.reason)}`,
  )
}

for (const shim of shims) {
  const options = { skip: skipReason(shim), timeout: 120_000 }

  test(`${shim.name}: one of three deletes at once tells the end, the others find no task`, options, async (t) => {
    const at = await fixture(t, shim)
    const { services } = at.daemon
    const { tasks } = services
    await create(at, services, 'one', ['sh', '-c', 'echo now; exit 7'])
    await tasks.start({ containerId: 'one', execId: '' }, inTest)
    await tasks.wait({ containerId: 'one', execId: '' }, inTest)
    const ends = await outcomes(
      [1, 2, 3].map(async () => (await tasks.delete({ containerId: 'one' }, inTest)).exitStatus),
    )
    const absent = 'not-found: task one not found'
    assert.deepEqual(ends, [7, absent, absent])
    assert.deepEqual(readdirSync(join(at.folder, 'state/io.containerd.runtime.v2.task/test')), [])
  })

  test(
    `${shim.name}: one of three deletes of an exec tells its end, the others find no process`,
    options,
    async (t) => {
      const at = await fixture(t, shim)
      const { services } = at.daemon
      const { tasks } = services
      await create(at, services, 'two', ['sh', '-c', 'echo now; sleep 1000'])
      await tasks.start({ containerId: 'two', execId: '' }, inTest)
      const process = { args: ['sh', '-c', 'exit 5'], cwd: '/', env: ['PATH=/bin'], user: { uid: 0, gid: 0 } }
      const spec = packJson('types.containerd.io/opencontainers/runtime-spec/1/Process', process)
      const named = { containerId: 'two', execId: 'e' }
      await tasks.exec({ ...named, stdin: '', stdout: '', stderr: '', terminal: false, spec }, inTest)
      await tasks.start(named, inTest)
      await tasks.wait(named, inTest)
      const ends = await outcomes([1, 2, 3].map(async () => (await tasks.deleteProcess(named, inTest)).exitStatus))
      // Containerd's own shim takes calls up in any order, ours in that of their coming.
      const teller = shim.name === 'io.containerd.runc.v2' ? ends.indexOf(5) : 0
      assert.equal(ends[teller], 5)
      for (const end of ends.toSpliced(teller, 1)) assert.match(String(end), /^not-found: /)
    },
  )
}
