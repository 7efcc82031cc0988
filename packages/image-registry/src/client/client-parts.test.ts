// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { parseChallenges } from '@teu/oci-spec/distribution'
import { Authorizer } from './auth/authorizer.ts'
import { Endpoints } from './endpoints.ts'
import { redact } from './http/answer.ts'
import { isBrokenConnection, retryDelay } from './http/retry.ts'
import { Transport } from './http/transport.ts'
import { inParallel } from './in-parallel.ts'

const transport = new Transport({ connectTimeoutMs: 100, answerTimeoutMs: 100, stallTimeoutMs: 100 })

test('a registry behind TLS gets nothing sent in clear', async () => {
  const credentials = async () => ({ username: 'me', password: 'secret' })
  const authorizer = (insecure: boolean) =>
    new Authorizer({
      transport,
      endpoint: { origin: insecure ? 'http://r' : 'https://r', prefix: '/v2', tls: {}, insecure, headers: {} },
      credentials,
      userAgent: 'x',
      retry: { retries: 0, delayMs: 0 },
    })
  const http = parseChallenges('Bearer realm="http://r/token"')
  await assert.rejects(authorizer(false).accept(http, undefined, []), {
    code: 'failed-precondition',
    message: /plain http/,
  })
  assert.equal(await authorizer(false).accept(parseChallenges('Bearer realm="https://r/token"'), undefined, []), true)
  assert.equal(await authorizer(true).accept(http, undefined, []), true)
  assert.equal(await authorizer(false).accept([], undefined, []), false)
  assert.equal(await authorizer(false).accept(parseChallenges('Negotiate'), undefined, []), false)
})

const origins: [registry: string, origin: string, insecure: boolean][] = [
  ['docker.io', 'https://registry-1.docker.io', false],
  ['registry.example', 'https://registry.example', false],
  ['registry.example:5000', 'https://registry.example:5000', false],
  ['10.0.0.1:5000', 'https://10.0.0.1:5000', false],
  ['localhost.example', 'https://localhost.example', false],
  ['127.0.0.1.example:1', 'https://127.0.0.1.example:1', false],
  ['localhost:1', 'http://localhost:1', true],
  ['127.1.2.3:1', 'http://127.1.2.3:1', true],
  ['[::1]:1', 'http://[::1]:1', true],
]

for (const [registry, origin, insecure] of origins) {
  test(`${registry} is reached at ${origin}`, async () => {
    const endpoint = await new Endpoints(undefined, transport).of(registry)
    assert.deepEqual([endpoint.origin, endpoint.insecure], [origin, insecure])
  })
}

test('a configured URL decides, and must be one', async () => {
  const hosts = { a: { url: 'http://b:1/x' }, c: { url: 'ftp://d' } }
  assert.equal((await new Endpoints(hosts, transport).of('a')).origin, 'http://b:1')
  await assert.rejects(new Endpoints(hosts, transport).of('c'), { code: 'invalid-argument' })
  assert.equal((await new Endpoints(hosts, transport).of('constructor')).origin, 'https://constructor')
})

test('repetitions are spaced, bounded, and as the registry asks', () => {
  const policy = { retries: 3, delayMs: 100 }
  for (let attempt = 0; attempt < 3; attempt++) {
    const delay = retryDelay(policy, attempt) ?? 0
    assert.ok(delay >= 50 * 2 ** attempt && delay <= 100 * 2 ** attempt, String(delay))
  }
  assert.equal(retryDelay(policy, 3), undefined)
  assert.equal(retryDelay(policy, 0, '7'), 7000)
  assert.equal(retryDelay(policy, 0, '61'), undefined)
  assert.equal(retryDelay(policy, 0, new Date(0).toUTCString()), 0)
  assert.ok((retryDelay(policy, 0, 'junk') ?? 0) <= 100)
})

test('what broke is told from what cannot work', () => {
  const error = (code: string) => Object.assign(new Error(code), { code })
  assert.equal(isBrokenConnection(new Error('x', { cause: error('ECONNRESET') })), true)
  for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'CERT_HAS_EXPIRED'])
    assert.equal(isBrokenConnection(error(code)), false)
})

test('messages hold no secret of a URL', () => {
  assert.equal(redact(new URL('https://me:pw@h:1/p?token=x#y')), 'https://h:1/p')
})

test('work runs side by side up to a limit, and stops at the first failure', async () => {
  let [running, most] = [0, 0]
  await inParallel([1, 2, 3, 4, 5], { concurrency: 2, signal: undefined, doing: 'this' }, async () => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setImmediate(resolve))
    running--
  })
  assert.equal(most, 2)
  const started: number[] = []
  const failing = inParallel(
    [1, 2, 3, 4],
    { concurrency: 2, signal: undefined, doing: 'this' },
    async (item, signal) => {
      started.push(item)
      if (item === 1) throw new Error('first')
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    },
  )
  await assert.rejects(failing, { message: 'first' })
  assert.deepEqual(started, [1, 2])
  await assert.rejects(
    inParallel([1], { concurrency: 1, signal: AbortSignal.abort(new Error('own')), doing: 'this' }, async () => {}),
    { code: 'cancelled', message: 'this: cancelled' },
  )
  for (const wrong of [0, -1, Number.NaN])
    await assert.rejects(
      inParallel([1], { concurrency: wrong, signal: undefined, doing: 'this' }, async () => {}),
      { code: 'invalid-argument' },
    )
})
