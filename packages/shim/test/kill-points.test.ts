// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { TaskService } from '@teu/shim-api'
import type { Bundle } from './bundles.ts'
import { execProcess } from './container-config.ts'
import { processesIn } from './processes.ts'
import { ShimFixture } from './shim-fixture.ts'
import { runtimesUnderTest } from './shims-under-test.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'

/** A whole life, as far as it gets before the shim is killed. */
async function live(fixture: ShimFixture, task: TaskService, bundle: Bundle): Promise<void> {
  const { id } = bundle
  await fixture.createTask(task, bundle)
  await task.start({ id, execId: '' })
  const exec = { id, execId: 'e', terminal: false, stdin: '', stdout: '', stderr: '' }
  await task.exec({ ...exec, spec: execProcess(['true']) })
  await task.start({ id, execId: 'e' })
  await task.wait({ id, execId: '' })
  await task.delete({ id, execId: '' })
}

for (const { name, binaryName } of runtimesUnderTest) {
  test(`${name}: a shim killed at any moment leaves nothing behind`, {
    skip,
  }, async () => {
    await using fixture = await ShimFixture.create()
    for (let afterMs = 0; afterMs < 120; afterMs += 12) {
      const args = ['sh', '-c', afterMs % 24 === 0 ? 'sleep 1000' : 'exit 5']
      const bundle = { ...(await fixture.bundle({ args, binaryName })), stdout: '', stderr: '' }
      const { id } = bundle
      const task = await fixture.connect(bundle)
      const life = live(fixture, task, bundle).catch(() => {})
      await delay(afterMs)
      fixture.killShims()
      await life
      const wasDeleted = fixture.topics(id).includes('delete')
      const again = await fixture.connect(bundle)
      const known = await again.state({ id, execId: '' }).catch(() => undefined)
      if (known !== undefined) {
        await again.kill({ id, execId: '', signal: 9, all: true }).catch(() => {})
        const { exitStatus } = await again.wait({ id, execId: '' }, { timeoutMs: 10_000 })
        assert.ok(exitStatus === 137 || exitStatus === 5, `status ${exitStatus}, killed after ${afterMs} ms`)
        await again.delete({ id, execId: '' })
        await fixture.until(() => fixture.topics(id).includes('delete'))
        assert.ok(wasDeleted || fixture.topics(id).includes('exit init'), `no exit, killed after ${afterMs} ms`)
      }
      await fixture.until(() => processesIn(bundle.path).length === 0)
      await fixture.until(() => !isPopulated(`${fixture.cgroup}/${id}`))
    }
  })
}

function isPopulated(cgroup: string): boolean {
  try {
    return readFileSync(`/sys/fs/cgroup/pids${cgroup}/cgroup.procs`, 'utf8').trim() !== ''
  } catch {
    return false
  }
}
