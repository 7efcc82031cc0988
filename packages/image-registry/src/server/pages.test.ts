// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { pageOf, pageRequestOf } from './pages.ts'

const many = Array.from({ length: 10_001 }, (_, index) => `v${String(index).padStart(5, '0')}`)

test('10,000 tags are one page, and one more is another', () => {
  const query = new URLSearchParams()
  const page = pageRequestOf(query, 'tags')
  const all = pageOf(many.slice(0, 10_000), page, query, '/v2/a/tags/list')
  assert.deepEqual([all.names.length, all.link], [10_000, undefined])
  const first = pageOf(many, page, query, '/v2/a/tags/list')
  assert.deepEqual([first.names.length, first.link], [10_000, '</v2/a/tags/list?n=10000&last=v09999>; rel="next"'])
})

test('what is asked for is cut to the most that there is, and what is no number is refused', () => {
  const limit = (n: string, list: 'tags' | 'catalog') => pageRequestOf(new URLSearchParams({ n }), list).limit
  assert.deepEqual(
    [limit('7', 'tags'), limit('0', 'tags'), limit('20000', 'tags'), limit('20000', 'catalog')],
    [7, 0, 10_000, 1000],
  )
  for (const bad of ['', '-1', '1.5', 'ten', '9999999999'])
    assert.throws(() => limit(bad, 'tags'), /invalid number of results/)
})
