// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { Buckets, hostKey, parseRate } from './buckets.ts'
import { checkLimits, formatWarning, immutabilityOf, quotaOf, storeLimitsOf, warningsOf } from './rules.ts'

test('a bucket is emptied, and fills again evenly', () => {
  const buckets = new Buckets({ count: 3, seconds: 30 })
  const take = (at: number, key = 'a') => buckets.take(key, at * 1000)
  assert.deepEqual(take(0), { allowed: true, remaining: 2, retryAfter: 0 })
  assert.deepEqual(take(0), { allowed: true, remaining: 1, retryAfter: 0 })
  assert.deepEqual(take(0), { allowed: true, remaining: 0, retryAfter: 0 })
  assert.deepEqual(take(0), { allowed: false, remaining: 0, retryAfter: 10 })
  assert.deepEqual(take(4), { allowed: false, remaining: 0, retryAfter: 6 })
  assert.equal(take(0, 'b').allowed, true)
  assert.equal(take(10).allowed, true)
  assert.equal(take(10).allowed, false)
  assert.deepEqual(buckets.look('a', 1_000_000), { allowed: true, remaining: 3, retryAfter: 0 })
  assert.equal(take(1000).remaining, 2)
})

test('however it is asked, a bucket never gives more than its rate', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 100 }),
      fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 200 }),
      (count, seconds, gaps) => {
        const buckets = new Buckets({ count, seconds })
        let [at, given] = [0, 0]
        for (const gap of gaps) {
          at += gap
          if (buckets.take('k', at).allowed) given++
        }
        assert.ok(given <= count + (at / 1000) * (count / seconds) + 1e-6)
      },
    ),
  )
})

test('callers that are forgotten begin anew, so their number is bounded', () => {
  const buckets = new Buckets({ count: 1, seconds: 3600 })
  buckets.take('first', 0)
  for (let at = 0; at < 20_000; at++) buckets.take(`k${at}`, 0)
  assert.equal(buckets.take('first', 0).allowed, true)
  assert.equal(buckets.take('k19999', 0).allowed, false)
})

test('rates', () => {
  assert.deepEqual(parseRate('600/1m'), { count: 600, seconds: 60 })
  assert.deepEqual(parseRate('20/s'), { count: 20, seconds: 1 })
  for (const text of ['', '1', '0/s', '1/0s', '1/x', '-1/s', '1/s/s', '1.5/s', '1/ s'])
    assert.throws(() => parseRate(text), { code: 'invalid-argument' }, text)
})

test('who shares a host', () => {
  assert.equal(hostKey('10.0.0.1'), '10.0.0.1')
  assert.equal(hostKey('::ffff:10.0.0.1'), '10.0.0.1')
  assert.equal(hostKey('2001:db8:0:1::5'), hostKey('2001:DB8:0000:0001:ffff:1:2:3'))
  assert.notEqual(hostKey('2001:db8:0:1::5'), hostKey('2001:db8:0:2::5'))
  assert.equal(hostKey('::1'), '0:0:0:0::/64')
  assert.equal(hostKey('fe80::1%eth0'), 'fe80:0:0:0::/64')
  fc.assert(fc.property(fc.string(), (text) => typeof hostKey(text) === 'string'))
})

test('rules for repositories and tags', () => {
  const quota = quotaOf([
    { repositories: 'team/big', bytes: 10 },
    { repositories: 'team/*', bytes: 5 },
  ])
  assert.deepEqual([quota('team/big'), quota('team/x'), quota('other')], [10, 5, undefined])
  const immutable = immutabilityOf(['team/**:v*', 'frozen'])
  assert.deepEqual(
    [immutable('team/a', 'v1'), immutable('team/a', 'latest'), immutable('frozen', 'x'), immutable('x', 'v1')],
    [true, false, true, false],
  )
  const both = storeLimitsOf({
    quotas: [{ repositories: '**', bytes: 1 }],
    quota: () => 2,
    immutableTags: ['a:b'],
    isImmutable: (name) => name === 'c',
  })
  assert.deepEqual(
    [both.quota?.('x'), both.isImmutable?.('a', 'b'), both.isImmutable?.('c', 'd'), both.isImmutable?.('d', 'd')],
    [2, true, true, false],
  )
  assert.deepEqual(warningsOf([{ repositories: 'old/*', text: 'moves "soon"' }])('old/a'), ['299 - "moves \\"soon\\""'])
  for (const text of ['', 'a\nb', 'ä', 'x'.repeat(1025)])
    assert.throws(() => formatWarning(text), { code: 'invalid-argument' })
  for (const limits of [{ blobBytes: 0 }, { manifestBytes: 5_000_000 }, { idleMs: -1 }, { connections: 1.5 }])
    assert.throws(() => checkLimits(limits), { code: 'invalid-argument' })
  assert.throws(() => quotaOf([{ repositories: '', bytes: 1 }]), { code: 'invalid-argument' })
  assert.throws(() => quotaOf([{ repositories: 'a', bytes: -1 }]), { code: 'invalid-argument' })
})
