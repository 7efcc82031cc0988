// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { judge, parseKnownGaps } from './known-gaps.ts'
import { runSuite } from './run-suite.ts'
import type { ConformanceSuite } from './suite.ts'

const suite: ConformanceSuite<{ answer: number }> = {
  seam: 'sums',
  cases: [
    { name: 'holds', run: async ({ answer }) => assert.equal(answer, 42) },
    { name: 'breaks', run: async ({ answer }) => assert.ok(answer === 41, 'not 41') },
    { name: 'hangs', run: () => new Promise(() => {}) },
    { name: 'asks for more', requires: ['magic'], run: async () => assert.fail('ran') },
  ],
}

test('every case has an outcome, whatever the ones before it did', async () => {
  const results = await runSuite(suite, { answer: 42 }, { timeoutMs: 20 })
  assert.deepEqual(
    results.map(({ name, outcome, reason }) => [name, outcome, reason]),
    [
      ['holds', 'passed', undefined],
      ['breaks', 'failed', 'not 41'],
      ['hangs', 'failed', 'no end after 20 ms'],
      ['asks for more', 'skipped', 'needs magic'],
    ],
  )
})

test('known gaps excuse failures and must shrink', async () => {
  const results = await runSuite(suite, { answer: 42 }, { timeoutMs: 20 })
  const gaps = parseKnownGaps('# of the sums\n\nbreaks\nholds\nabsent\n')
  const verdict = judge(results, gaps)
  assert.deepEqual(
    verdict.unexpected.map(({ name }) => name),
    ['hangs'],
  )
  assert.deepEqual(verdict.closed, ['holds'])
  assert.deepEqual(verdict.unknown, ['absent'])
})
