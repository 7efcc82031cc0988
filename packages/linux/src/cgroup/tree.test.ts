// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { pidsBelow, removeCgroups, waitUntil } from './tree.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'teu-tree-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test('pids of all levels, each once, none from outside of the pid namespace', (t) => {
  const path = folder(t)
  mkdirSync(join(path, 'a', 'b'), { recursive: true })
  writeFileSync(join(path, 'cgroup.procs'), '1\n2\n0\n')
  writeFileSync(join(path, 'a', 'b', 'cgroup.procs'), '2\n3\n')
  assert.deepEqual(pidsBelow(path).sort(), [1, 2, 3])
  assert.deepEqual(pidsBelow(join(path, 'missing')), [])
})

test('cgroups go from the innermost out; what is missing is no error', async (t) => {
  const path = folder(t)
  mkdirSync(join(path, 'a', 'b', 'c'), { recursive: true })
  await removeCgroups([path, join(path, 'missing')])
  assert.equal(existsSync(path), false)
})

test('what stays busy is thrown after the time is over, or when aborted', async (t) => {
  const path = folder(t)
  writeFileSync(join(path, 'holds'), '')
  await assert.rejects(removeCgroups([path], { timeoutMs: 5 }), { code: 'ENOTEMPTY', path })
  const signal = AbortSignal.abort()
  await assert.rejects(removeCgroups([path], { signal }), { name: 'AbortError' })
})

test('a wait ends when it is done, or at its deadline', async () => {
  let looks = 0
  await waitUntil(() => ++looks === 3, 'freeze')
  assert.equal(looks, 3)
  await assert.rejects(
    waitUntil(() => false, 'freeze', { timeoutMs: 5 }),
    { code: 'ETIMEDOUT', syscall: 'freeze' },
  )
})
