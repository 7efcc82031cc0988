// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { containerdSuite, engineSuite, parseKnownGaps, registrySuite, runtimeSuite, shimSuite } from './index.ts'

const suites = [containerdSuite, engineSuite, registrySuite, runtimeSuite, shimSuite]
const names = suites.map(({ cases }) => cases.map(({ name }) => name))

test('no two cases of a suite have the same name', () => {
  for (const list of names) assert.equal(new Set(list).size, list.length)
})

test('every known gap is a case of one of the suites', () => {
  const files = globSync(path.join(import.meta.dirname, '../known-gaps/*.txt'))
  assert.ok(files.length >= 4)
  for (const file of files) {
    const gaps = parseKnownGaps(readFileSync(file, 'utf8'))
    assert.ok(gaps.length > 0, file)
    assert.ok(
      names.some((list) => gaps.every((gap) => list.includes(gap))),
      `${file}: ${gaps.join('; ')}`,
    )
  }
})
