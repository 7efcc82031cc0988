// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'

const program = path.join(import.meta.dirname, '..', 'mutants.mjs')
const source = `export const half = (n) => {
  if (n % 2 !== 0) throw new Error('odd')
  if (n < 0) throw new Error('negative')
  return n / 2
}
`
const tests = `import assert from 'node:assert/strict'
import test from 'node:test'
import { half } from './half.mjs'
test('half of 4 is 2', () => assert.equal(half(4), 2))
test('an odd number has no half', () => assert.throws(() => half(3)))
test('this one waits', { skip: true }, () => {})
`

/** A tree with one source, its tests and a list of guards; and the run of the program over it. */
async function runOver(t, entries) {
  const folder = mkdtempSync(path.join(tmpdir(), 'mutants-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const files = {
    'scripts/build.mjs': '',
    'packages/a/half.mjs': source,
    'packages/a/half.test.mjs': tests,
    'scripts/mutants/guards/a.mjs': `export default ${JSON.stringify(entries)}`,
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), text)
  }
  mkdirSync(path.join(folder, 'node_modules'))
  const child = spawn(process.execPath, [program, '--tree', folder], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const status = await new Promise((resolve) => child.once('close', resolve))
  assert.equal(readFileSync(path.join(folder, 'packages/a/half.mjs'), 'utf8'), source, 'the tree is as it was')
  return { status, lines: output.trimEnd().split('\n') }
}

const odd = {
  title: 'odd numbers are refused',
  file: 'packages/a/half.mjs',
  guard: 'if (n % 2 !== 0) throw',
  instead: 'if (n === undefined) throw',
  tests: ['packages/a/half.test.mjs'],
  because: 'half of an odd number is no whole number',
}
const negative = { ...odd, title: 'negative numbers are refused', guard: 'if (n < 0) throw' }
const line = (lines, title) => lines.find((text) => text.includes(title))

test('guards that tests miss are ok, also when their tests hang without them', async (t) => {
  const hang = { ...odd, title: 'there is an end', guard: 'return n / 2', instead: 'for (;;);', deadline: 2 }
  const { status, lines } = await runOver(t, [odd, hang])
  assert.equal(status, 0, lines.join('\n'))
  assert.match(line(lines, odd.title), /^ok {3}.*1 red, "an odd number has no half"/)
  assert.match(line(lines, hang.title), /^ok {3}.*no end within 2 s/)
  assert.equal(lines.at(-1), '2 of 2 guards are missed by their tests when they are gone')
})

test('a guard that no test misses is red, and the others are tried all the same', async (t) => {
  const { status, lines } = await runOver(t, [negative, odd])
  assert.equal(status, 1)
  assert.match(line(lines, negative.title), /^FAIL .*SURVIVED, packages\/a\/half\.test\.mjs stayed green/)
  assert.match(line(lines, odd.title), /^ok/)
  assert.equal(lines.at(-1), '1 of 2 guards are missed by their tests when they are gone')
})

test('an entry that proves nothing is red', async (t) => {
  const stale = { ...odd, title: 'a text that is gone', guard: 'if (isOdd(n)) throw' }
  const unloadable = { ...odd, title: 'a program that does not load', instead: 'if (' }
  const skipped = { ...odd, title: 'a test that skips', only: 'this one waits' }
  const elsewhere = { ...odd, title: 'a test that is not there', tests: ['packages/a/other.test.mjs'] }
  const { status, lines } = await runOver(t, [stale, unloadable, skipped, elsewhere])
  assert.equal(status, 1)
  assert.match(line(lines, stale.title), /the text of the guard is there 0 times, not once/)
  assert.match(line(lines, unloadable.title), /proves nothing, packages\/a\/half\.test\.mjs did not even load/)
  assert.match(line(lines, skipped.title), /not green with it: packages\/a\/half\.test\.mjs: no test of it ran/)
  assert.match(line(lines, elsewhere.title), /there is no packages\/a\/other\.test\.mjs/)
})

test('a field that no entry has, or one that is missing, is refused by its name', async (t) => {
  const { because: _, ...without } = odd
  const missing = await runOver(t, [without])
  assert.notEqual(missing.status, 0)
  assert.match(missing.lines.join('\n'), /a\.mjs, entry 1: because is missing/)
  const unknown = await runOver(t, [{ ...odd, onyl: 'x' }])
  assert.notEqual(unknown.status, 0)
  assert.match(unknown.lines.join('\n'), /a\.mjs, entry 1: no such field: onyl/)
})
