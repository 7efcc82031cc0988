// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { BenchRun, type Measured } from './bench-run.ts'

const measured = (ours: number, budget: number): Measured => ({
  ...{ unit: 'ms', ours: [ours], original: [100], originalName: 'dockerd', budget },
})

/** A run whose table is kept as lines. */
function start(words: readonly string[] = []) {
  const lines: string[] = []
  const bench = new BenchRun(words, { table: (line) => lines.push(line), note: () => {} })
  return { bench, lines }
}

test('a failing row among good ones says why, and the others are measured and printed at once', async () => {
  const { bench, lines } = start()
  await bench.row('first', async () => measured(20, 1 / 4))
  assert.match(lines.at(-1) ?? '', /^first +20\.0 ms +100 ms +dockerd +0\.20 +≤ 0\.25 +kept$/)
  await bench.row('second', async () => {
    throw new Error('the daemon is gone')
  })
  assert.equal(lines.at(-1), 'second  FAILED: the daemon is gone')
  await bench.row('third', async () => measured(10, 1 / 4))
  assert.match(lines.at(-1) ?? '', /^third .*kept$/)
  assert.equal(bench.finish(), false)
  assert.equal(lines.at(-1), '3 rows: 0 missed their budgets, 1 failed')
})

test('a run is good when every row kept its budget, and not when one missed it or none was there', async () => {
  const good = start()
  await good.bench.row('quick', async () => measured(20, 1 / 4))
  assert.equal(good.bench.finish(), true)
  const slow = start()
  await slow.bench.row('quick', async () => measured(20, 1 / 4))
  await slow.bench.row('slow', async () => measured(30, 1 / 4))
  assert.match(slow.lines.at(-1) ?? '', /^slow .*MISSED$/)
  assert.equal(slow.bench.finish(), false)
  assert.equal(start(['no such row']).bench.finish(), false)
})

test('a value that is no number misses, also where there is no budget', async () => {
  const { bench, lines } = start()
  const { budget: _, ...free } = measured(Number.NaN, 1)
  await bench.row('nothing', async () => free)
  assert.match(lines.at(-1) ?? '', /MISSED$/)
  assert.equal(bench.finish(), false)
})

test('a set-up that fails fails the rows of its group that were not printed, and leaves the next groups', async () => {
  const { bench, lines } = start()
  await bench.together(['a', 'b', 'c'], async () => {
    await bench.row('a', async () => measured(1, 1))
    throw new Error('no registry\nsecond line')
  })
  assert.deepEqual(lines.slice(-2), ['b  FAILED: no registry\n  second line', 'c  FAILED: no registry\n  second line'])
  await bench.together(['d'], async () => {
    await bench.row('d', async () => measured(1, 1))
    throw new Error('cannot be stopped')
  })
  assert.equal(lines.at(-1), 'after d  FAILED: cannot be stopped')
  assert.equal(bench.finish(), false)
})

test('words select rows, and what no wanted row needs is not done', async () => {
  const { bench, lines } = start(['pull'])
  let done = false
  await bench.together(['exec'], async () => {
    done = true
  })
  await bench.row('exec', async () => measured(1, 1))
  await bench.row('pull of a layer', async () => measured(1, 1))
  assert.equal(done, false)
  assert.equal(lines.length, 2)
  assert.equal(bench.finish(), true)
})

test('a row that this machine cannot measure is left out by name, and is no failure', async () => {
  const { bench, lines } = start()
  bench.leaveOut('as a library', 'no such cgroups')
  await bench.row('a', async () => measured(1, 1))
  assert.equal(lines[1], 'as a library  left out: no such cgroups')
  assert.equal(bench.finish(), true)
})
