// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { hasCode } from '@teu/errors'
import { processorTime } from '../../../../scripts/processor-time.mjs'
import { parseFilters } from './filter.ts'
import { lookupIn } from './lookups.ts'
import { compilePattern } from './pattern.ts'

const object = lookupIn({
  id: 'web-1',
  topic: '/tasks/exit',
  image: '',
  labels: { 'a.b/c': 'x', plain: 'with space', empty: '' },
})

const admitted: [string, boolean][] = [
  ['', true],
  ['id', true],
  ['image', false],
  ['missing', false],
  ['id==web-1', true],
  ['id==web-2', false],
  ['id!=web-2', true],
  ['missing!=x', true],
  ['id~=^web-[0-9]$', true],
  ['topic~=|^/tasks/|', true],
  ['topic~=/^.tasks/', true],
  ['labels."a.b/c"==x', true],
  ['labels."a.b/c"', true],
  ['labels.plain=="with space"', true],
  ['labels.plain=="with\\x20space"', true],
  ['labels.empty', true],
  ['labels.nothing', false],
  ['labels', false],
  ['id==web-1,topic==/tasks/exit', true],
  ['id==web-1,topic==/tasks/start', false],
  ['id~=(?i)^WEB', true],
]

for (const [filter, expected] of admitted)
  test(`${JSON.stringify(filter)} ${expected ? 'admits' : 'rejects'}`, () => {
    assert.equal(parseFilters([filter]).matches(object), expected)
  })

test('filters of a list are alternatives, none admits all', () => {
  assert.equal(parseFilters(['id==no', 'id==web-1']).matches(object), true)
  assert.equal(parseFilters(['id==no', 'id==nope']).matches(object), false)
  assert.equal(parseFilters([]).matches(object), true)
})

for (const bad of [
  '==x',
  'id==',
  'id=x',
  'id===x',
  'id==a b',
  'id==a,',
  ',',
  '.a',
  'a.',
  'id~=(',
  'id=="x',
  'id=="\\q"',
  'id~=a(?=b)',
  'id~=(a)\\1',
])
  test(`${JSON.stringify(bad)} is refused`, () => {
    assert.throws(
      () => parseFilters([bad]),
      (error: unknown) => hasCode(error, 'invalid-argument'),
    )
  })

test('a pattern that would backtrack for ever is matched in linear time', () => {
  const matches = compilePattern('^(a+)+$')
  const [short = 0, long = 0] = [16_384, 131_072].map((length) => {
    const text = `${'a'.repeat(length)}b`
    return processorTime(() => assert.equal(matches(text), false))
  })
  // Eight times as long; in proportion to the square it would take 64 times as long.
  assert.ok(long < 24 * Math.max(short, 1000), `${short} and ${long} µs`)
})

test('a field named like a property of every object is not found', () => {
  assert.equal(parseFilters(['constructor']).matches(object), false)
  assert.equal(parseFilters(['labels.__proto__']).matches(object), false)
})
