// SPDX-License-Identifier: Apache-2.0
// Whatever a client sends: an answer in time, of the registry's form, never a status of 500 and above; and the next one is
// served as if nothing had been.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createRegistry, type Registry } from '@teu/image-registry/server'
import { digestOf, mediaTypes } from '@teu/oci-spec/image'
import bcrypt from 'bcryptjs'
import fc from 'fast-check'
import { blobPath, content, isWellFormed, Neighbour, visible } from './neighbour.ts'
import { ask, shout } from './raw-requests.ts'
import { basic, putBlob } from './requests.ts'

let neighbour: Neighbour
before(async () => {
  neighbour = await Neighbour.create()
})
after(() => neighbour[Symbol.asyncDispose]())

const method = fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND')
const digest = fc.oneof(
  fc.constantFrom(digestOf(content), digestOf('x'), 'sha256:', 'sha256', ':', 'md5:00', `sha256:${'A'.repeat(64)}`),
  fc.constantFrom('sha256:../../x', `sha256:${'0'.repeat(63)}`, `sha512:${'0'.repeat(64)}`, `sha256:${'0'.repeat(65)}`),
  visible(80),
)
const segment = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'good',
      'v2',
      'blobs',
      'manifests',
      'uploads',
      'tags',
      'list',
      'referrers',
      '_catalog',
      'v1',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('..', '.', '', '%2e%2e', '%2f', '%00', '%zz', '%c3%28', 'a'.repeat(300), 'Upper', '_x'),
  },
  { weight: 1, arbitrary: digest },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }).map(encodeURIComponent) },
)
const path = fc.array(segment, { maxLength: 7 }).map((parts) => `/v2/${parts.join('/')}`)
const query = fc
  .array(
    fc.tuple(
      fc.constantFrom('n', 'last', 'digest', 'mount', 'from', 'artifactType', 'tag', 'digest-algorithm', 'ns', 'q'),
      fc.oneof(
        digest,
        fc.constantFrom('-1', '0', '1e999', 'abc', '1000000000', '9'.repeat(40), '../good', 'good', 'sha512'),
      ),
    ),
    { maxLength: 4 },
  )
  .map((pairs) =>
    pairs.length === 0 ? '' : `?${pairs.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&')}`,
  )
const range = fc.oneof(
  fc.constantFrom(
    '0-9',
    'bytes=0-3',
    'bytes=-5',
    'bytes=40-',
    'bytes=41-',
    'bytes=9-3',
    'bytes=0-0,2-3',
    'bytes=-0',
    'lines=0-1',
    '0-',
    '-',
    '5-2',
  ),
  fc
    .tuple(fc.bigInt({ min: 0n, max: 2n ** 70n }), fc.bigInt({ min: 0n, max: 2n ** 70n }))
    .map(([from, to]) => `${from}-${to}`),
  visible(40),
)
const headers = fc.record(
  {
    range,
    'content-range': range,
    'if-range': visible(40),
    'if-none-match': visible(100),
    accept: fc.oneof(
      visible(60),
      fc.constantFrom('*/*', mediaTypes.ociIndex, `${mediaTypes.ociManifest};q=0`, ',,,', 'a'.repeat(5000)),
    ),
    'content-type': fc.oneof(
      visible(60),
      fc.constantFrom(mediaTypes.ociManifest, 'application/json; charset=x', ';', mediaTypes.dockerSchema1),
    ),
    authorization: fc.oneof(visible(60), fc.constantFrom('Basic', 'Basic !!!', 'Bearer ', 'Bearer a.b.c', 'Digest x')),
    origin: visible(20),
    host: fc.oneof(visible(30), fc.constantFrom('', 'a b', 'registry:99999', '[::1')),
    'x-forwarded-for': visible(40),
    expect: fc.constantFrom('100-continue', 'x'),
    te: visible(10),
  },
  { requiredKeys: [] },
)
const body = fc.option(fc.uint8Array({ maxLength: 200 }), { nil: undefined })

test('any path, by any method, with any query, headers and body', () =>
  fc.assert(
    fc.asyncProperty(method, path, query, headers, body, async (verb, where, what, more, bytes) => {
      // What a property of all requests must not do is remove what the neighbour asks for.
      fc.pre(!(verb === 'DELETE' && where.includes('good')) && !(verb === 'PUT' && where.includes('good/manifests')))
      await neighbour.survives({
        method: verb,
        path: `${where}${what}`,
        headers: more as Record<string, string>,
        ...(bytes && { body: bytes }),
      })
    }),
    { numRuns: 3000 },
  ))

test('a range is the bytes that it names, or none', () =>
  fc.assert(
    fc.asyncProperty(range, async (text) => {
      const answer = await neighbour.survives({ method: 'GET', path: blobPath, headers: { range: text } })
      if (answer?.status === 206) {
        const [, start, end] = /^bytes (\d+)-(\d+)\/41$/.exec(String(answer.headers['content-range'])) ?? assert.fail()
        assert.equal(answer.body.toString(), content.slice(Number(start), Number(end) + 1))
        assert.ok(answer.body.length > 0)
      } else if (answer?.status === 200) assert.equal(answer.body.toString(), content)
      else assert.equal(answer?.status, 416)
    }),
    { numRuns: 200 },
  ))

test('bytes that are no HTTP, or almost', () =>
  fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc
          .tuple(
            fc.constantFrom('GET', 'get', 'G\u0000T', 'PRI', ''),
            fc.constantFrom('/v2/', '*', 'http://x/v2/', '\u00ff', '/v2/ /', `/${'a'.repeat(70_000)}`),
            fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/9', ''),
            fc.constantFrom(
              'Host: x',
              'Host : x',
              'Content-Length: -1',
              'Content-Length: 1\r\nContent-Length: 2',
              'Content-Length: 5\r\nTransfer-Encoding: chunked',
              'Transfer-Encoding: chunked, identity',
              ' folded: x',
              `X: ${'a'.repeat(70_000)}`,
              'A:b\r\n'.repeat(3_000),
              'X: \u0000',
            ),
          )
          .map(([verb, where, version, header]) =>
            Buffer.from(`${verb} ${where} ${version}\r\n${header}\r\n\r\n`, 'latin1'),
          ),
        fc
          .constantFrom(
            'zz\r\nx\r\n0\r\n\r\n',
            '5\r\nabc',
            'ffffffffffffffff\r\n',
            '-1\r\n\r\n',
            '1;x=y\r\na\r\n0\r\nT: x\r\n\r\n',
          )
          .map((chunks) =>
            Buffer.from(`PUT /v2/good/manifests/v9 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`),
          ),
      ),
      async (bytes) => {
        const text = await shout(neighbour.registry.address, bytes)
        assert.match(text, /^(|HTTP\/1\.1 [1-4]\d\d [\s\S]*)$/)
        await neighbour.isServed()
      },
    ),
    { numRuns: 300 },
  ))

test('any Authorization, where one is needed', async () => {
  const htpasswd = `alice:${bcrypt.hashSync('wonder', 4)}`
  const init = { htpasswd, anonymousPull: ['open/**'], failedLogins: { count: 1e6, seconds: 60 } }
  await using guarded = await createRegistry({
    auth: init,
    onError: (error) => neighbour.failures.push(error),
  })
  await putBlob(guarded.url, 'mine', content, basic('alice', 'wonder'))
  const token = fc.array(
    fc.oneof(
      fc.base64String({ maxLength: 40 }),
      fc.jsonValue({ maxDepth: 1 }).map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')),
    ),
    { maxLength: 5 },
  )
  const proof = fc.oneof(
    visible(60),
    visible(40).map((text) => `Basic ${Buffer.from(text).toString('base64')}`),
    fc
      .string({ unit: 'binary', maxLength: 30 })
      .map((text) => `Basic ${Buffer.from(`alice:${text}`).toString('base64')}`),
    token.map((parts) => `Bearer ${parts.join('.')}`),
  )
  const place = fc.constantFrom(
    '/v2/',
    `/v2/mine/blobs/${digestOf(content)}`,
    '/v2/mine/tags/list',
    '/auth/token?scope=repository:mine:pull',
    '/auth/token?service=x&scope=::&scope=repository:a',
  )
  await fc.assert(
    fc.asyncProperty(place, proof, async (where, authorization) => {
      fc.pre(authorization !== `Basic ${Buffer.from('alice:wonder').toString('base64')}`)
      const answer = await ask(guarded.address, { method: 'GET', path: where, headers: { authorization } })
      isWellFormed(answer)
      if (answer !== undefined && where.startsWith('/v2/mine'))
        assert.ok([400, 401].includes(answer.status), `${answer.status}`)
      const own = {
        method: 'GET',
        path: `/v2/mine/blobs/${digestOf(content)}`,
        headers: { authorization: await bearerOf(guarded) },
      }
      assert.equal((await ask(guarded.address, own))?.status, 200)
    }),
    { numRuns: 200 },
  )
  assert.deepEqual(neighbour.failures, [])
})

let bearer: Promise<string> | undefined
function bearerOf({ url }: Registry): Promise<string> {
  bearer ??= fetch(`${url}/auth/token?service=teu-registry&scope=repository:mine:pull`, {
    headers: basic('alice', 'wonder'),
  })
    .then((answer) => answer.json() as Promise<{ token: string }>)
    .then(({ token }) => `Bearer ${token}`)
  return bearer
}
