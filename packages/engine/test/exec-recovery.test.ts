// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { TestEngine } from './doubles/test-engine.ts'

test('added processes outlive the engine too: their ends are dealt with by the next one', async (t) => {
  const engine = await TestEngine.start(t)
  const id = await engine.create(['sleep'])
  await engine.client.containerStart(id)
  const ids: string[] = []
  for (let i = 0; i < 2; i++) {
    const { Id } = await engine.client.execCreate(id, { Cmd: ['sleep'], AttachStdout: true })
    await engine.client.execStart(Id)
    ids.push(Id)
  }
  const [ended, running] = ids as [string, string]
  await engine.stop()
  const { execs } = engine.containerd.tasks.get(id) ?? {}
  execs?.get(ended)?.exit(3)
  await engine.restart()
  assert.equal((await engine.client.execInspect(running)).Running, true)
  assert.deepEqual((await engine.client.containerInspect(id)).ExecIDs, [running])
  execs?.get(running)?.exit(4)
  while ((await engine.client.execInspect(running)).ExitCode === null) await new Promise((r) => setTimeout(r, 5))
  assert.equal((await engine.client.execInspect(running)).ExitCode, 4)
  assert.equal(execs?.size, 0)
  assert.deepEqual(readdirSync(path.join(engine.directory, 'exec/containers', id)), ['init'])
  assert.deepEqual(engine.errors, [])
})
