// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { runTestFiles } from './run-test-files.mjs'

/** Runs files with these texts, and answers what is said of them. */
async function run(t, texts, deadlineMs) {
  const cwd = mkdtempSync(join(tmpdir(), 'teu-test-files-'))
  t.after(() => rmSync(cwd, { recursive: true }))
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(cwd, name), text)
  const jobs = Object.keys(texts).map((name) => ({ name, argv: ['--test-reporter=spec', name] }))
  let said = ''
  const write = (text) => {
    said += text
  }
  const result = await runTestFiles(jobs, { concurrency: 1, deadlineMs, cwd, write })
  return { ...result, said, cwd }
}

const imports = `import { test } from 'node:test'; import { spawn } from 'node:child_process'; import { writeFileSync } from 'node:fs'\n`
const passes = `${imports}test('passes', () => {})\ntest('skips', { skip: 'needs the moon' }, () => {})\n`

/** Whether a process runs; one that is dead and not reaped yet does not. */
const runs = (pid) => existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))

/** The processes that still run five seconds after all were killed: the kernel ends them in its own time. */
async function left(pids) {
  for (let tries = 0; tries < 500 && pids.some(runs); tries++) await delay(10)
  return pids.filter(runs)
}

test('a file that does not end is ended with its children when its time is over, is red, and the next one runs', async (t) => {
  const hangs = `${imports}test('hangs', async () => {
  const child = spawn('sleep', ['1000'])
  writeFileSync('pids', process.pid + ' ' + child.pid)
  setInterval(() => {}, 1000)
  await new Promise(() => {})
})\n`
  const { red, counts, said, cwd } = await run(t, { 'hangs.test.mjs': hangs, 'passes.test.mjs': passes }, 3000)
  assert.deepEqual(red, ['hangs.test.mjs: did not end within 3 s, and was ended'])
  assert.match(said, /✖ hangs\.test\.mjs: did not end within 3 s/)
  assert.match(said, /✔ passes\.test\.mjs/)
  assert.equal(counts.pass, 1)
  const pids = readFileSync(join(cwd, 'pids'), 'utf8').split(' ')
  assert.equal(pids.length, 2)
  assert.deepEqual(await left(pids), [])
})

test('a file whose tests are done, but whose process stays, is red', async (t) => {
  const stays = `${imports}test('passes', () => {})\nsetInterval(() => {}, 1000)\n`
  const { red } = await run(t, { 'stays.test.mjs': stays }, 2000)
  assert.deepEqual(red, ['stays.test.mjs: did not end within 2 s, and was ended'])
})

test('a file that fails, throws or is killed is red, and one that passes or skips is not', async (t) => {
  const texts = {
    'fails.test.mjs': `${imports}test('fails', () => { throw new Error('x') })\n`,
    'throws.test.mjs': `throw new Error('x')\n`,
    'killed.test.mjs': `process.kill(process.pid, 'SIGKILL')\n`,
    'passes.test.mjs': passes,
  }
  const { red, counts, reasons } = await run(t, texts, 20_000)
  assert.deepEqual(red, [
    'fails.test.mjs: ended with 1',
    'throws.test.mjs: ended with 1',
    'killed.test.mjs: was ended by SIGKILL',
  ])
  assert.deepEqual(counts, { tests: 3, pass: 1, fail: 1, cancelled: 0, skipped: 1 })
  assert.deepEqual([...reasons], [['needs the moon', 1]])
})

test('a process that a file leaves in its group is ended, though it holds the output open', async (t) => {
  const leaves = `${imports}test('leaves', () => {
  const child = spawn('sleep', ['1000'], { stdio: 'inherit' })
  writeFileSync('pids', String(child.pid))
  child.unref()
})\n`
  const { red, cwd } = await run(t, { 'leaves.test.mjs': leaves }, 20_000)
  assert.deepEqual(red, [])
  assert.deepEqual(await left([readFileSync(join(cwd, 'pids'), 'utf8')]), [])
})
