// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { processorTime } from '../../../../scripts/processor-time.mjs'
import { namePattern } from './name-pattern.ts'

const table: [pattern: string, name: string, expected: boolean][] = [
  ['busybox', 'busybox', true],
  ['busybox', 'busybox:1', false],
  ['busy*', 'busybox:latest', true],
  ['*', 'a/b', false],
  ['*/*', 'a/b', true],
  ['a*b*c', 'aXbYc', true],
  ['a*b*c', 'aXbY', false],
  ['?usybox', 'busybox', true],
  ['a?b', 'a/b', false],
  ['[a-c]x', 'bx', true],
  ['[^a-c]x', 'bx', false],
  ['[^a-c]x', 'dx', true],
  ['[\\-x]', '-', true],
  ['a\\*', 'a*', true],
  ['a\\*', 'ab', false],
  ['', '', true],
  ['**', 'abc', true],
  ['{a,b}', 'a', false],
]

for (const [pattern, name, expected] of table)
  test(`${JSON.stringify(pattern)} ${expected ? 'matches' : 'does not match'} ${JSON.stringify(name)}`, () => {
    assert.equal(namePattern(pattern)(name), expected)
  })

for (const pattern of ['[', '[]', '[]a]', '[a', '[a-', '[-a]', 'a\\', '[\\'])
  test(`${JSON.stringify(pattern)} is refused`, () => {
    assert.throws(() => namePattern(pattern), { code: 'invalid-argument', message: /^syntax error in pattern/ })
  })

test('many stars do not make a match take long', () => {
  const matches = namePattern(`${'*a'.repeat(60)}b`)
  const micros = processorTime(() => assert.equal(matches('a'.repeat(250)), false))
  assert.ok(micros < 500_000, `${micros} µs`)
})

test('a pattern of stars and letters matches what the regular expression of it matches', () => {
  const text = (letters: string[], maxLength: number) =>
    fc.array(fc.constantFrom(...letters), { maxLength }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(text(['a', 'b', '*', '?', '/'], 8), text(['a', 'b', '/'], 10), (pattern, name) => {
      const source = [...pattern].map((c) => (c === '*' ? '[^/]*' : c === '?' ? '[^/]' : c)).join('')
      assert.equal(namePattern(pattern)(name), new RegExp(`^${source}$`).test(name))
    }),
  )
})
