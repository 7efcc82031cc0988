// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { codeOf } from '@teu/errors'
import { TestEngine } from './doubles/test-engine.ts'

test('credentials are checked with the registry itself', async (t) => {
  const engine = await TestEngine.start(t)
  const expected = `Basic ${Buffer.from('user:secret').toString('base64')}`
  const registry = http.createServer((request, response) => {
    if (request.headers.authorization === expected) return void response.end('{}')
    response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="test"', 'Content-Type': 'application/json' })
    response.end('{"errors":[{"code":"UNAUTHORIZED","message":"no"}]}')
  })
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    registry.closeAllConnections()
    registry.close()
  })
  const serveraddress = `127.0.0.1:${(registry.address() as AddressInfo).port}`
  const result = await engine.client.registryLogin({ username: 'user', password: 'secret', serveraddress })
  assert.deepEqual(result, { Status: 'Login Succeeded', IdentityToken: '' })
  const wrong = { username: 'user', password: 'wrong', serveraddress: `http://${serveraddress}/v1/` }
  await assert.rejects(engine.client.registryLogin(wrong), (error: Error) => {
    return codeOf(error) === 'unauthenticated' && !error.message.includes('wrong')
  })
})
