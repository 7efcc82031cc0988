// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { processorTime } from '../../../../scripts/processor-time.mjs'
import { parseFilters } from './filter.ts'
import { compilePattern } from './pattern.ts'
import { patternSizeBound } from './pattern-size.ts'

const hostile = [
  '^(a+)+$',
  '^(a+){17}$',
  '(?i)^(a+){17}$',
  '(?s)^(a|aa)+$',
  '^(a|a)*$',
  '^(a*)*$',
  '^(.*a){25}$',
  '(x+x+)+y',
  '^(a?){25}a{25}$',
  '^((a{0,9}){0,9}){0,9}$',
]

for (const source of hostile)
  test(`${source} is matched in linear time`, () => {
    const matches = compilePattern(source)
    const micros = processorTime(() => assert.equal(matches(`${'a'.repeat(400)}!`), false))
    assert.ok(micros < 500_000, `${micros} µs`)
  })

for (const source of [
  '(?:a{1000}){1000}',
  `(?:${'ab'.repeat(2000)}){800}`,
  `(?:${'(?:ab)+'.repeat(500)}){1000}`,
  `(?:${'[ab]c'.repeat(800)}){800}`,
  '(?:(?:(?:a{0,10}){0,10}){0,10}){2}',
  `(?:\\Q${'{'.repeat(3000)}\\E){900}`,
  `${'('.repeat(1500)}a${')'.repeat(1500)}`,
  `(?i)(?:[\\pL\\pN]{500}|[^\\pL]{500}|\\pN{500}|x{500}|y{500})`,
])
  test(`${source.slice(0, 40)}… is refused before it is compiled for long`, () => {
    const micros = processorTime(() =>
      assert.throws(() => compilePattern(source), {
        code: 'invalid-argument',
        message: /^failed compiling regexp ".*: error parsing regexp: .*: invalid argument$/s,
      }),
    )
    assert.ok(micros < 500_000, `${micros} µs`)
  })

test('patterns of one request are bounded together', () => {
  const filters = Array.from({ length: 100 }, (_, i) => `id~=^a{40}${i}$`)
  assert.throws(() => parseFilters(filters), { code: 'invalid-argument', message: /too large/ })
  parseFilters(filters.slice(0, 20))
})

test('a text that would take too long is refused by name', () => {
  const matches = compilePattern('^(a?){100}a{100}$')
  assert.throws(() => matches('a'.repeat(1_000_000)), {
    code: 'resource-exhausted',
    message: /^text of 1000000 characters is too long for regexp/,
  })
  assert.equal(compilePattern('^/tasks/')('x'.repeat(60_000)), false)
})

const matching: [string, string, boolean][] = [
  ['^\\pL+$', 'Grüße', true],
  ['^[[:alpha:]]+$', 'abc', true],
  ['(?P<name>b+)\\z', 'abb', true],
  ['\\Aabc', 'abcd', true],
  ['^\\Qa.b\\E$', 'a.b', true],
  ['^\\Qa.b\\E$', 'axb', false],
  ['(?m)^b$', 'a\nb', true],
  ['^b$', 'a\nb', false],
  ['(?U)^a+$', 'aaa', true],
  ['a(?i)B', 'ab', true],
  ['^a{2,3}$', 'aaaa', false],
  ['^.$', '💡', true],
  ['a{,3}', 'a{,3}', true],
  ['', 'anything', true],
]

for (const [source, text, expected] of matching)
  test(`${source} ${expected ? 'matches' : 'does not match'} ${JSON.stringify(text)}, as in Go`, () => {
    assert.equal(compilePattern(source)(text), expected)
  })

const atom = fc.constantFrom('a', 'b', '.', '\\d', '[ab]', '[^a]', '(?:a|b)', 'aa', '\\pL')
const expression = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    atom,
    fc.tuple(tie('node'), tie('node')).map(([left, right]) => `${left}${right}`),
    fc.tuple(tie('node'), tie('node')).map(([left, right]) => `(${left}|${right})`),
    fc
      .tuple(tie('node'), fc.constantFrom('*', '+', '?', '{2}', '{0,3}', '{3,}', '{17}', '{1,40}', '*?'))
      .map(([inner, repeat]) => `(${inner})${repeat}`),
  ),
})).node

test('no expression takes long to compile or to match, and none is larger than its bound', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'ab', '1', 'é'), { maxLength: 300 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(fc.constantFrom('', '^', '(?i)^', '(?s)'), expression, text, (start, source, subject) => {
      const before = process.cpuUsage()
      try {
        compilePattern(`${start}${source}$`)(`${subject}!`)
      } catch (error) {
        assert.ok(['invalid-argument', 'resource-exhausted'].includes((error as { code: string }).code))
      }
      const { user } = process.cpuUsage(before)
      assert.ok(user < 2_000_000, `${user} µs for ${source}`)
    }),
    { numRuns: 400 },
  )
})

test('text of any kind is compiled or refused, in bounded time', () => {
  const part = fc.constantFrom(
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '{9}',
    '{99,}',
    '\\Q',
    '\\E',
    '\\p{',
    '\\',
    '*',
    '|',
    '^',
    ':]',
  )
  const source = fc.array(fc.oneof(part, fc.string({ maxLength: 3 })), { maxLength: 40 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(source, (text) => {
      const before = process.cpuUsage()
      try {
        compilePattern(text)('some text')
      } catch (error) {
        assert.equal((error as { code: string }).code, 'invalid-argument')
      }
      assert.ok(process.cpuUsage(before).user < 2_000_000, text)
    }),
    { numRuns: 1000 },
  )
})

test('the bound of a size is not passed by the program', async () => {
  const { RE2JS } = await import('re2js')
  fc.assert(
    fc.property(expression, (source) => {
      const bound = patternSizeBound(source)
      if (bound > 100_000) return
      let size: number
      try {
        size = RE2JS.compile(source).programSize()
      } catch {
        // Repeats within repeats that come to more than RE2 takes.
        return
      }
      assert.ok(size <= bound, `${source}: ${size} and ${bound}`)
    }),
    { numRuns: 300 },
  )
})
