// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { codeOf } from '@teu/errors'
import { processorTime } from '../../../../scripts/processor-time.mjs'
import { route } from '../route.ts'
import { decodeQuery } from './decode-query.ts'
import { checkFilters, decodeFilters, encodeFilters, matchesLabels } from './filters.ts'
import { decodeFlag } from './flag.ts'
import { decodeTimestamp, parseDuration } from './timestamp.ts'

test('only a few words are false', () => {
  for (const text of [undefined, '', '0', 'no', 'No', 'false', 'FALSE', 'none', ' false ']) {
    assert.equal(decodeFlag(text), false, String(text))
  }
  for (const text of ['1', 'true', 'True', 'yes', '-1', 'x']) assert.equal(decodeFlag(text), true, text)
})

test('filters parse in both forms', () => {
  assert.deepEqual({ ...decodeFilters('{"label":{"a=b":true,"c":true,"off":false}}') }, { label: ['a=b', 'c'] })
  assert.deepEqual({ ...decodeFilters('{"label":["a=b"],"status":[]}') }, { label: ['a=b'], status: [] })
  assert.deepEqual({ ...decodeFilters('') }, {})
  assert.deepEqual({ ...decodeFilters(encodeFilters({ name: ['x', 'y'] })) }, { name: ['x', 'y'] })
  assert.equal(encodeFilters({}), undefined)
})

test('filters that are no filters are refused', () => {
  for (const text of ['{', '[]', 'null', '1', '{"a":1}', '{"a":[1]}', '{"a":null}']) {
    assert.throws(
      () => decodeFilters(text),
      (e) => codeOf(e) === 'invalid-argument',
      text,
    )
  }
  assert.throws(() => checkFilters({ nme: ['x'] }, ['name']), /invalid filter 'nme'/)
})

test('a filter called __proto__ is data', () => {
  const filters = decodeFilters('{"__proto__":["x"]}')
  assert.deepEqual(Object.keys(filters), ['__proto__'])
  assert.equal(({} as Record<string, unknown>)['0'], undefined)
})

test('all labels must match', () => {
  const labels = { a: 'b', empty: '' }
  assert.equal(matchesLabels(['a=b', 'empty'], labels), true)
  assert.equal(matchesLabels(['a=c'], labels), false)
  assert.equal(matchesLabels(['toString'], labels), false)
  assert.equal(matchesLabels(undefined, labels), true)
})

test('times are seconds, dates or durations back from now', () => {
  assert.equal(decodeTimestamp('1136073845.000000001'), 1136073845000000001n)
  assert.equal(decodeTimestamp('1136073845.5'), 1136073845500000000n)
  assert.equal(decodeTimestamp('2006-01-02T15:04:05.123456789Z'), 1136214245123456789n)
  assert.equal(decodeTimestamp('2006-01-02T15:04:05+01:00'), 1136210645000000000n)
  assert.equal(decodeTimestamp('10m', 1_000_000), 400_000_000_000n)
  assert.equal(decodeTimestamp('0'), undefined)
  assert.equal(decodeTimestamp(''), undefined)
  assert.throws(
    () => decodeTimestamp('yesterday'),
    (e) => codeOf(e) === 'invalid-argument',
  )
  assert.throws(
    () => decodeTimestamp('2006-13-45'),
    (e) => codeOf(e) === 'invalid-argument',
  )
})

test('durations are read as Go reads them', () => {
  assert.equal(parseDuration('1h30m'), 5_400_000_000_000n)
  assert.equal(parseDuration('1.5s'), 1_500_000_000n)
  assert.equal(parseDuration('-10ms'), -10_000_000n)
  for (const text of ['', '5', 's', '1d', '1h 2m']) assert.equal(parseDuration(text), undefined, text)
})

test('hostile times are read in linear time', () => {
  const cost = (text: string) =>
    processorTime(() => {
      try {
        decodeTimestamp(text)
      } catch {
        // Refusing is as good as reading here; only the time counts.
      }
    })
  for (const part of ['1h', '9', '-']) {
    const [short, long] = [cost(part.repeat(30_000)), cost(part.repeat(240_000))]
    // Eight times as long; in proportion to the square it would take 64 times as long.
    assert.ok(long < 24 * Math.max(short, 1000), `${part}: ${short} and ${long} µs`)
  }
})

test('a query is decoded as its route says, extras ignored', () => {
  const row = route({
    method: 'GET',
    path: '/x',
    query: { f: 'flag', n: 'integer', h: 'size', t: 'text', l: 'list', q: 'filters', s: 'time' },
  })
  const query = decodeQuery(row, new URLSearchParams('f=1&n=-1&h=4294967295&t=a&l=x&l=y&extra=1&s=1'))
  assert.deepEqual(
    { ...query, q: { ...query.q } },
    { f: true, n: -1, h: 4294967295, t: 'a', l: ['x', 'y'], q: {}, s: 1_000_000_000n },
  )
  for (const bad of ['n=abc', 'n=1.5', 'n=9223372036854775808', 'h=-1', 'h=4294967296', 'h=']) {
    assert.throws(
      () => decodeQuery(row, new URLSearchParams(bad)),
      (e) => codeOf(e) === 'invalid-argument',
      bad,
    )
  }
})
