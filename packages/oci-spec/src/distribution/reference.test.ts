// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { processorTime } from '../../../../scripts/processor-time.mjs'
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
  for (const text of ['a-'.repeat(150), `${'a.'.repeat(150)}/b`, `${'_'.repeat(300)}`, 'a'.repeat(65536)]) {
    const time = processorTime(() => assert.throws(() => parseReference(text)))
    assert.ok(time < 12_500, `${time} µs`)
  }
})

const part = (pattern: RegExp) => fc.stringMatching(pattern)
const repositories = fc.array(part(/^[a-z0-9]{1,6}((\.|_|__|-{1,3})[a-z0-9]{1,6}){0,2}$/), {
  minLength: 1,
  maxLength: 4,
})
const hosts = fc.oneof(
  fc.constantFrom('localhost', 'docker.io', 'Registry', '127.0.0.1', '[::1]', '[fe80::a]'),
  part(/^[a-zA-Z0-9]([a-zA-Z0-9-]{0,5}[a-zA-Z0-9])?(\.[a-zA-Z0-9]{1,6}){1,3}$/),
)
const whole = fc.record(
  {
    host: hosts,
    port: fc.option(fc.integer({ min: 0, max: 99999 }), { nil: undefined }),
    repository: repositories,
    tag: fc.option(part(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/), { nil: undefined }),
    digested: fc.boolean(),
  },
  { requiredKeys: ['host', 'repository'] },
)

test('what is written out is read again as the same, in full and as docker shows it', () => {
  fc.assert(
    fc.property(whole, ({ host, port, repository, tag, digested }) => {
      const name = `${host}${port === undefined ? '' : `:${port}`}/${repository.join('/')}`
      const given = `${name}${tag === undefined ? '' : `:${tag}`}${digested ? `@${digest}` : ''}`
      const reference = parseReference(given)
      assert.deepEqual(parseReference(formatReference(reference)), reference)
      // As with docker, what is left out is missed where the next part looks like a registry.
      const [first = ''] = repository
      if (host !== 'docker.io' || !/[.]|^localhost$/.test(first))
        assert.deepEqual(parseReference(familiarReference(reference)), reference)
      assert.equal(reference.tag, tag)
      assert.equal(reference.digest, digested ? digest : undefined)
      assert.ok(familiarReference(reference).length <= formatReference(reference).length)
      if (host !== 'docker.io' || port !== undefined)
        assert.deepEqual([reference.registry, reference.repository].join('/'), name)
    }),
    { numRuns: 2000 },
  )
})

test('any text is a reference or an error that says so, and never anything else', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.array(fc.constantFrom('a', 'B', '0', '.', '-', '_', '/', ':', '@', 'sha256:', '..', 'localhost'), {
      maxLength: 30,
    }),
  )
  fc.assert(
    fc.property(texts, (drawn) => {
      const text = typeof drawn === 'string' ? drawn : drawn.join('')
      let reference: ReturnType<typeof parseReference>
      try {
        reference = parseReference(text)
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'invalid-argument')
        return
      }
      assert.deepEqual(parseReference(formatReference(reference)), reference)
      assert.ok(!/(^|\/)\.\.?(\/|$)/.test(reference.repository))
    }),
    { numRuns: 5000 },
  )
})
