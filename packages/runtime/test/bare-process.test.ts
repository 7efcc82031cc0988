// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

const script = `
import { createRuntime } from '@teu/runtime'
const [root, bundle] = process.argv.slice(1)
const runtime = createRuntime({ root })
for (let round = 0; round < 10; round++) {
  const { exited } = await runtime.create('c', { bundle, stdio: ['ignore', 'inherit', 'inherit'] })
  await runtime.start('c')
  console.log(JSON.stringify(await exited))
  await runtime.delete('c')
}`

test('a process that does nothing else stays alive for what it waits for, and no longer', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['sh', '-c', 'exit 3'])
  const args = ['--conditions=teu-source', '--input-type=module', '-e', script, workshop.root, bundle]
  const cwd = dirname(createRequire(import.meta.url).resolve('@teu/runtime/package.json'))
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', timeout: 30_000 })
  assert.equal(stderr, '')
  assert.equal(status, 0)
  assert.equal(stdout, '{"exitCode":3}\n'.repeat(10))
})
