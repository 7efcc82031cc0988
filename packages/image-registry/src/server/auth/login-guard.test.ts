// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { Failure } from '../failure.ts'
import { LoginGuard } from './login-guard.ts'

const address = '192.0.2.1'
const right = async () => 'in'
const wrong = async () => {
  throw new Failure('UNAUTHORIZED')
}

/** The outcome of an attempt to log in: `in`, or the code of the refusal. */
function tried(guard: LoginGuard, user: string, login: () => Promise<string>, isProven = false, from = address) {
  return guard.check({ address: from, user, isProven }, login).catch((error: Failure) => error.code)
}

test('a user is held up by failures for that user from that host, and by no others', async () => {
  const guard = new LoginGuard({ count: 3, seconds: 60 })
  for (let time = 0; time < 3; time++) assert.equal(await tried(guard, 'alice', wrong), 'UNAUTHORIZED')
  assert.equal(await tried(guard, 'alice', right), 'TOOMANYREQUESTS')
  assert.equal(await tried(guard, 'bob', right), 'in')
  assert.equal(await tried(guard, 'alice', right, false, '192.0.2.2'), 'in')
  assert.equal(await tried(guard, 'alice', right, true), 'in')
})

test('a host that guesses names is held up after ten times as many failures, and its known users are not', async () => {
  const guard = new LoginGuard({ count: 3, seconds: 60 })
  assert.equal(await tried(guard, 'alice', right), 'in')
  for (let time = 0; time < 30; time++) assert.equal(await tried(guard, `name ${time}`, wrong), 'UNAUTHORIZED')
  assert.equal(await tried(guard, 'another', wrong), 'TOOMANYREQUESTS')
  assert.equal(await tried(guard, 'bob', right), 'TOOMANYREQUESTS')
  assert.equal(await tried(guard, 'alice', right), 'in')
  for (let time = 0; time < 3; time++) assert.equal(await tried(guard, 'alice', wrong), 'UNAUTHORIZED')
  assert.equal(await tried(guard, 'alice', wrong), 'TOOMANYREQUESTS')
})

test('failures of another kind do not count', async () => {
  const guard = new LoginGuard({ count: 1, seconds: 60 })
  const busy = async () => {
    throw new Failure('UNAVAILABLE')
  }
  assert.equal(await tried(guard, 'alice', busy), 'UNAVAILABLE')
  assert.equal(await tried(guard, 'alice', right), 'in')
})
