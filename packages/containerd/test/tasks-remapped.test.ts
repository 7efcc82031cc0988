// SPDX-License-Identifier: Apache-2.0
// Containers whose root is another user on the host.
import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import test from 'node:test'
import { inTest } from './daemon.ts'
import { create, fixture, shims, skipReason } from './tasks-fixture.ts'

for (const shim of shims) {
  const options = { skip: skipReason(shim), timeout: 120_000 }

  test(`${shim.name}: a container in a user namespace finds its root file system`, options, async (t) => {
    const at = await fixture(t, shim)
    const { services } = at.daemon
    // Which a temporary folder is not, as opposed to /run.
    chmodSync(at.folder, 0o711)
    const task = await create(at, services, 'one', ['cat', '/proc/self/uid_map'], {}, 100_000)
    await services.tasks.start({ containerId: 'one', execId: '' }, inTest)
    assert.equal((await services.tasks.wait({ containerId: 'one', execId: '' }, inTest)).exitStatus, 0)
    assert.deepEqual((await task.output).trim().split(/\s+/), ['0', '100000', '1000'])
    await services.tasks.delete({ containerId: 'one' }, inTest)
  })
}
