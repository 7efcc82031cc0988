// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { codeOf } from '@teu/errors'
import { parseChallenges } from '@teu/oci-spec/distribution'
import { Transport } from '../http/transport.ts'
import { Authorizer } from './authorizer.ts'

const retry = { retries: 0, delayMs: 0, maximumDelayMs: 0 }

/** An authorizer of one place whose transport fails the test when anything is sent. */
function authorizerOf(t: test.TestContext, origin: string, insecure: boolean) {
  const transport = new Transport({ connectTimeoutMs: 1000, answerTimeoutMs: 1000, stallTimeoutMs: 1000 })
  const sent = [t.mock.method(transport, 'send'), t.mock.method(transport, 'sendAndFollow')]
  for (const mock of sent) mock.mock.mockImplementation(() => assert.fail('something was sent'))
  t.after(() => transport.close())
  const endpoint = { origin, prefix: '/v2', tls: {}, insecure, headers: {} }
  const credentials = async () => ({ username: 'me', password: 'secret' })
  return new Authorizer({ transport, endpoint, credentials, userAgent: 'test', retry })
}

const refused = (error: Error) => {
  assert.equal(codeOf(error), 'failed-precondition')
  assert.match(error.message, /over plain http/)
  assert.ok(!error.message.includes('secret'))
  return true
}

for (const [challenge, origin, insecure] of [
  ['Bearer realm="http://auth.example/token",service="s"', 'https://registry.example', false],
  ['Bearer realm="http://registry.example/token",service="s"', 'https://registry.example', false],
  ['Bearer realm="http://auth.example/token",service="s"', 'https://registry.example', true],
  ['Bearer realm="http://auth.example/token",service="s"', 'https://127.0.0.1:5000', true],
  ['Bearer realm="http://auth.example/token",service="s"', 'http://registry.example', false],
  ['Basic realm="r"', 'http://registry.example', false],
] as const) {
  test(`a secret is not sent when ${origin}${insecure ? ', which may be insecure,' : ''} asks with ${challenge}`, async (t) => {
    const authorizer = authorizerOf(t, origin, insecure)
    await assert.rejects(authorizer.accept(parseChallenges(challenge), undefined, []), refused)
    assert.equal(await authorizer.header([], undefined), undefined)
  })
}

test('a challenge over plain http is taken up when the registry itself is reached so and may be', async (t) => {
  for (const [challenge, origin] of [
    ['Bearer realm="http://auth.example/token"', 'http://registry.example'],
    ['Bearer realm="http://127.0.0.1:5001/token"', 'https://127.0.0.1:5000'],
    ['Basic realm="r"', 'http://127.0.0.1:5000'],
  ] as const)
    assert.equal(await authorizerOf(t, origin, true).accept(parseChallenges(challenge), undefined, []), true)
})
