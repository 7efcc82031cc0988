// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { programArguments } from './kit/program.ts'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

test('a create that is killed at any moment leaves what delete removes', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['sleep', '1000'], (spec) => {
    spec.hooks = { createRuntime: [{ path: '/bin/sleep', args: ['sleep', '0.02'] }] }
  })
  /** Starts a create, and kills it after `moment` milliseconds if it is still there. */
  const create = async (moment: number) => {
    const args = [...programArguments, '--root', workshop.root, 'create', '--bundle', bundle, 'killed']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    const ended = new Promise((resolve) => child.on('exit', resolve))
    await Promise.race([ended, delay(moment, undefined, { ref: false })])
    child.kill('SIGKILL')
    await ended
  }
  // How long one takes depends on the machine: the moments are parts of that, up to beyond its end.
  const start = performance.now()
  await create(30_000)
  const whole = performance.now() - start
  assert.equal((await workshop.runtime.list())[0]?.status, 'created')
  await workshop.runtime.delete('killed', { force: true })
  const seen = new Set<string>()
  for (let part = 6; part <= 24; part++) {
    await create((whole * part) / 20)
    const [state] = await workshop.runtime.list()
    seen.add(state?.status ?? 'nothing')
    await workshop.runtime.delete('killed', { force: true })
    assert.deepEqual(globSync(`/sys/fs/cgroup/*${workshop.cgroup}/*/cgroup.procs`), [])
    assert.deepEqual(await workshop.runtime.list(), [])
  }
  assert.ok(seen.size > 1, `the moments hit nothing but ${[...seen]}`)
})
