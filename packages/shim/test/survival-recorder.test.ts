// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import type { Bundle } from './bundles.ts'
import { ShimFixture } from './shim-fixture.ts'

const skip = process.getuid?.() === 0 ? false : 'needs root'
const count = Number(process.env.TEU_TEST_CONTAINERS ?? 1000)
const atOnce = 12

test(`${count} containers that exit at once: every exit after its start, none lost, none twice`, { skip }, async () => {
  await using fixture = await ShimFixture.create()
  const keeper = await fixture.bundle({ args: ['true'] })
  const task = await fixture.connect(keeper)
  await fixture.createTask(task, keeper)
  const { shimPid } = await task.connect({ id: keeper.id })
  const ids: string[] = []
  const work = async () => {
    while (ids.length < count) {
      ids.push('')
      const slot = ids.length - 1
      const made = await fixture.bundle({ args: ['sh', '-c', `exit ${slot % 100}`] })
      const bundle: Bundle = { ...made, stdout: '', stderr: '' }
      const { id } = bundle
      ids[slot] = id
      await fixture.createTask(task, bundle)
      // The answer of start and the exit race.
      const waited = task.wait({ id, execId: '' }, { timeoutMs: 60_000 })
      await task.start({ id, execId: '' })
      assert.equal((await waited).exitStatus, slot % 100)
      await task.delete({ id, execId: '' })
      await rm(bundle.path, { recursive: true })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  // What is missing is said by container below.
  await fixture.until(() => fixture.events.length >= 1 + count * 4, 30_000).catch(() => undefined)
  const topics = new Map(ids.map((id) => [id, [] as string[]]))
  for (const { containerId, topic } of fixture.happened()) topics.get(containerId)?.push(topic)
  for (const [id, told] of topics) assert.deepEqual(told, ['create', 'start', 'exit init', 'delete'], id)
  assert.equal(topics.size, count)
  assert.ok(readdirSync(`/proc/${shimPid}/fd`).length < 60, 'descriptors are kept')
})
