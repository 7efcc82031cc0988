// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { digestOf } from '../image/digest.ts'
import { familiarName, familiarReference, formatReference, parseReference, withDefaultTag } from './reference.ts'

const digest = digestOf('')

const read: [given: string, whole: string, familiar: string][] = [
  ['busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
  ['user/app', 'docker.io/user/app:latest', 'user/app:latest'],
  ['docker.io/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['index.docker.io/library/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['docker.io/library/a/b', 'docker.io/library/a/b:latest', 'library/a/b:latest'],
  ['localhost/app', 'localhost/app:latest', 'localhost/app:latest'],
  ['localhost:5000/app:v1', 'localhost:5000/app:v1', 'localhost:5000/app:v1'],
  ['127.0.0.1:5000/a/b', '127.0.0.1:5000/a/b:latest', '127.0.0.1:5000/a/b:latest'],
  ['[::1]:5000/a', '[::1]:5000/a:latest', '[::1]:5000/a:latest'],
  ['Registry/a', 'Registry/a:latest', 'Registry/a:latest'],
  ['ghcr.io/o/p__q/r-s.t', 'ghcr.io/o/p__q/r-s.t:latest', 'ghcr.io/o/p__q/r-s.t:latest'],
  [`busybox@${digest}`, `docker.io/library/busybox@${digest}`, `busybox@${digest}`],
  [`a.b/c:t@${digest}`, `a.b/c:t@${digest}`, `a.b/c:t@${digest}`],
  [`x:${'t'.repeat(128)}`, `docker.io/library/x:${'t'.repeat(128)}`, `x:${'t'.repeat(128)}`],
]

test('references are read as docker reads them', () => {
  for (const [given, whole, familiar] of read) {
    const reference = withDefaultTag(parseReference(given))
    assert.equal(formatReference(reference), whole)
    assert.equal(familiarReference(reference), familiar)
    assert.deepEqual(withDefaultTag(parseReference(whole)), reference)
  }
  assert.equal(familiarName(parseReference('busybox:1')), 'busybox')
  assert.equal(parseReference('busybox').tag, undefined)
})

const refused: [string, RegExp][] = [
  ['', /^invalid reference format/],
  ['Busybox', /repository name \(library\/Busybox\) must be lowercase/],
  ['a/B', /must be lowercase/],
  ['a/../b', /^invalid reference format/],
  ['../a', /^invalid reference format/],
  ['a//b', /^invalid reference format/],
  ['/a', /^invalid reference format/],
  ['a/', /^invalid reference format/],
  ['a b', /^invalid reference format/],
  ['a:', /^invalid reference format/],
  ['a:-x', /^invalid reference format/],
  ['a:..', /^invalid reference format/],
  [`a:${'t'.repeat(129)}`, /^invalid reference format/],
  ['a:b:c', /^invalid reference format/],
  ['a___b', /^invalid reference format/],
  ['a.-b', /^invalid reference format/],
  ['host:port/a', /^invalid reference format/],
  ['http://host/a', /^invalid reference format/],
  ['-x.y/a', /^invalid reference format/],
  ['a@sha256:abc', /^invalid checksum digest length/],
  [`a@${digest.toUpperCase()}`, /^unsupported digest algorithm/],
  ['0'.repeat(64), /cannot specify 64-byte hexadecimal strings/],
  ['a'.repeat(256), /must not be more than 255 characters/],
  ['a/'.repeat(40_000), /must not be more than 255 characters/],
  ['a\n', /^invalid reference format/],
  ['a\0', /^invalid reference format/],
]

test('what is no reference is refused', () => {
  for (const [text, message] of refused) {
    assert.throws(() => parseReference(text), { code: 'invalid-argument', message }, JSON.stringify(text.slice(0, 40)))
  }
})

test('a long hostile name takes no time', () => {
  const start = performance.now()
  for (const text of ['a-'.repeat(150), `${'a.'.repeat(150)}/b`, `${'_'.repeat(300)}`, 'a'.repeat(65536)]) {
    assert.throws(() => parseReference(text))
  }
  assert.ok(performance.now() - start < 50)
})
