// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { digestOf } from '../image/digest.ts'
import { parseChallenges } from './auth-challenge.ts'
import { formatUploadRange, parseContentRange, parseUploadRange, resolveRange } from './content-range.ts'
import { parseErrorBody } from './error-codes.ts'
import { formatNextLink, parseNextLink } from './link.ts'
import { mountPath, referrersTag, repositoryScope } from './paths.ts'

function challenges(header: string): [string, Record<string, string>][] {
  return parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])
}

test('challenges', () => {
  assert.deepEqual(challenges('Bearer realm="https://a/t?x=1,2",service="s",scope="repository:a/b:pull,push"'), [
    ['bearer', { realm: 'https://a/t?x=1,2', service: 's', scope: 'repository:a/b:pull,push' }],
  ])
  assert.deepEqual(challenges('Basic realm="a \\"b\\"", BEARER Realm = x , service="y"'), [
    ['basic', { realm: 'a "b"' }],
    ['bearer', { realm: 'x', service: 'y' }],
  ])
  assert.deepEqual(challenges('Negotiate, Negotiate YWJj==, Basic'), [
    ['negotiate', {}],
    ['negotiate', {}],
    ['basic', {}],
  ])
  assert.deepEqual(challenges('Bearer realm="unterminated'), [['bearer', { realm: '' }]])
  assert.deepEqual(challenges(''), [])
  assert.deepEqual(challenges('"'), [])
})

test('a hostile challenge takes time in proportion to its length', () => {
  // Of the processor, and the least of some: how busy the machine is shall not count.
  const cost = (part: string, count: number) => {
    const text = part.repeat(count)
    const times = Array.from({ length: 5 }, () => {
      const before = process.cpuUsage()
      parseChallenges(text)
      const { user, system } = process.cpuUsage(before)
      return user + system
    })
    return Math.min(...times)
  }
  for (const part of ['a=', 'a,', '"', ' ', 'a="\\', 'x y ']) {
    const [short, long] = [cost(part, 20_000), cost(part, 160_000)]
    // Eight times as long; in proportion to the square it would take 64 times as long.
    assert.ok(long < 24 * Math.max(short, 1000), `${JSON.stringify(part)}: ${short} and ${long} µs`)
  }
})

test('upload ranges', () => {
  assert.deepEqual(parseUploadRange('0-9'), { start: 0, end: 9 })
  assert.deepEqual(parseUploadRange('bytes=0-0'), { start: 0, end: 0 })
  for (const text of ['', '9-0', '-1-2', '0-', '0-9/10', '0-9999999999999999', 'a-b']) {
    assert.equal(parseUploadRange(text), undefined, text)
  }
  assert.equal(formatUploadRange(0), '0-0')
  assert.equal(formatUploadRange(10), '0-9')
})

test('content ranges', () => {
  assert.deepEqual(parseContentRange('bytes 5-9/10'), { start: 5, end: 9, size: 10 })
  assert.deepEqual(parseContentRange('bytes 5-9/*'), { start: 5, end: 9 })
  for (const text of ['', 'bytes 9-5/10', 'bytes */10', 'chars 0-1/2']) assert.equal(parseContentRange(text), undefined)
})

test('ranges of requests', () => {
  assert.deepEqual(resolveRange('bytes=2-5', 10), { start: 2, end: 5 })
  assert.deepEqual(resolveRange('bytes=2-', 10), { start: 2, end: 9 })
  assert.deepEqual(resolveRange('bytes=-3', 10), { start: 7, end: 9 })
  assert.deepEqual(resolveRange('bytes=-30', 10), { start: 0, end: 9 })
  assert.deepEqual(resolveRange('bytes=5-100', 10), { start: 5, end: 9 })
  for (const text of ['bytes=10-', 'bytes=10-20', 'bytes=-0']) assert.equal(resolveRange(text, 10), 'unsatisfiable')
  assert.equal(resolveRange('bytes=0-', 0), 'unsatisfiable')
  for (const text of ['', 'bytes=', 'bytes=-', 'bytes=5-2', 'bytes=0-1,3-4', 'lines=0-1', 'bytes=a-b']) {
    assert.equal(resolveRange(text, 10), undefined, text)
  }
})

test('error bodies', () => {
  const body = '{"errors":[{"code":"DENIED","message":"no","detail":{"a":1}},{"code":5},null]}'
  assert.deepEqual(parseErrorBody(body), [{ code: 'DENIED', message: 'no', detail: { a: 1 } }])
  assert.deepEqual(parseErrorBody('{"details":"incorrect password"}'), [
    { code: 'UNKNOWN', message: 'incorrect password' },
  ])
  for (const text of ['', '<html>', 'null', '[]', '{"errors":{}}']) assert.deepEqual(parseErrorBody(text), [], text)
})

test('links', () => {
  assert.equal(parseNextLink(formatNextLink('/v2/_catalog?n=1&last=a')), '/v2/_catalog?n=1&last=a')
  assert.equal(parseNextLink('</a>; rel="prev", </b>; rel=next'), '/b')
  assert.equal(parseNextLink('</a>; rel="prev"'), undefined)
})

test('paths and scopes', () => {
  const digest = digestOf('')
  assert.equal(mountPath('a/b', digest, 'c'), `/v2/a/b/blobs/uploads/?mount=${digest.replace(':', '%3A')}&from=c`)
  assert.equal(referrersTag(digest), digest.replace(':', '-'))
  assert.equal(referrersTag(digestOf('', 'sha512')).length, 'sha512-'.length + 64)
  assert.equal(repositoryScope('a/b', ['pull', 'push']), 'repository:a/b:pull,push')
})
