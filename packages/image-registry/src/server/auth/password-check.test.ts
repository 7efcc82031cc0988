// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import bcrypt from 'bcryptjs'
import { Failure } from '../failure.ts'
import { parseHtpasswd } from './htpasswd.ts'
import { PasswordCheck } from './password-check.ts'

const users = (password = 'wonder') => new Map([['alice', bcrypt.hashSync(password, 4)]])

test('right is right, wrong is wrong, and nobody is somebody', async () => {
  const passwords = new PasswordCheck(users())
  assert.equal(await passwords.verify('alice', 'wonder'), true)
  assert.equal(await passwords.verify('alice', 'wonder'), true)
  for (const [user, password] of [
    ['alice', 'Wonder'],
    ['alice', ''],
    ['bob', 'wonder'],
    ['', ''],
    ['__proto__', 'x'],
    ['alice', 'w'.repeat(2000)],
  ] as const) {
    assert.equal(await passwords.verify(user, password), false, `${user} ${password.slice(0, 9)}`)
  }
})

test('what was right is not after the password changed', async () => {
  const passwords = new PasswordCheck(users())
  assert.equal(await passwords.verify('alice', 'wonder'), true)
  const before = passwords.fingerprint('alice')
  passwords.replace(users('other'))
  assert.equal(await passwords.verify('alice', 'wonder'), false)
  assert.notEqual(passwords.fingerprint('alice'), before)
  passwords.replace(new Map())
  assert.equal(await passwords.verify('alice', 'other'), false)
  assert.equal(passwords.fingerprint('alice'), undefined)
})

test('a user that does not exist takes as long as one that does', async () => {
  const passwords = new PasswordCheck(new Map([['alice', bcrypt.hashSync('wonder', 9)]]))
  // Of the processor, and the least of some: how busy the machine is shall not count.
  const time = async (user: string) => {
    const times: number[] = []
    for (let turn = 0; turn < 5; turn++) {
      const before = process.cpuUsage()
      await passwords.verify(user, `wrong ${turn}`)
      const { user: own, system } = process.cpuUsage(before)
      times.push(own + system)
    }
    return Math.min(...times)
  }
  await time('alice')
  const ratio = (await time('nobody')) / (await time('alice'))
  assert.ok(ratio > 0.4 && ratio < 2.5, String(ratio))
})

test('one is checked at a time, a hundred wait, and the others are told to come back', async () => {
  const passwords = new PasswordCheck(users())
  const all = await Promise.allSettled(Array.from({ length: 150 }, (_, at) => passwords.verify('alice', `x${at}`)))
  const refused = all.filter((outcome) => outcome.status === 'rejected')
  assert.equal(refused.length, 49)
  for (const { reason } of refused) {
    assert.ok(reason instanceof Failure)
    assert.deepEqual([reason.code, reason.status, reason.headers['retry-after']], ['UNAVAILABLE', 503, '2'])
  }
  assert.equal(await passwords.verify('alice', 'wonder'), true)
})

test('hashes are computed off the thread that serves', async () => {
  const passwords = new PasswordCheck(new Map([['alice', bcrypt.hashSync('wonder', 10)]]))
  await passwords.verify('alice', 'warm')
  const [own, all] = [process.threadCpuUsage(), process.cpuUsage()]
  await Promise.all(Array.from({ length: 10 }, (_, at) => passwords.verify('alice', `wrong ${at}`)))
  const [thread, whole] = [process.threadCpuUsage(own), process.cpuUsage(all)]
  const share = (thread.user + thread.system) / (whole.user + whole.system)
  assert.ok(share < 0.25, `${share} of the computing was done by the thread that serves`)
  await passwords.close()
})

test('credentials that were right before are checked first when a hundred others wait', async (t) => {
  const passwords = new PasswordCheck(users())
  assert.equal(await passwords.verify('alice', 'wonder'), true)
  assert.deepEqual([passwords.isProven('alice', 'wonder'), passwords.isProven('alice', 'Wonder')], [true, false])
  const { now } = performance
  t.mock.method(performance, 'now', () => now.call(performance) + 6 * 60_000)
  const order: string[] = []
  const wrong = Array.from({ length: 101 }, (_, at) =>
    passwords.verify('alice', `x${at}`).then(() => order.push('wrong')),
  )
  const right = passwords.verify('alice', 'wonder').then((isRight) => order.push(`right: ${isRight}`))
  await Promise.all([...wrong, right])
  assert.equal(order.indexOf('right: true'), 1)
  assert.equal(order.length, 102)
})

test('an htpasswd file holds bcrypt and nothing else', () => {
  const hash = bcrypt.hashSync('x', 4)
  const rest = hash.slice(4)
  const text = `# users\r\n\r\na:$2y$${rest}\nb b:$2a$${rest}\nc:$2b$${rest}  \n`
  assert.deepEqual([...parseHtpasswd(text).keys()], ['a', 'b b', 'c'])
  assert.deepEqual([...parseHtpasswd('').keys()], [])
  for (const [line, why] of [
    ['alice', /line 1 is not of the form/],
    [':x', /line 1 is not of the form/],
    ['alice:secret', /no bcrypt hash/],
    ['alice:', /no bcrypt hash/],
    ['alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', /no bcrypt hash/],
    ['alice:$apr1$abc$def', /no bcrypt hash/],
    [`alice:$2x$${rest}`, /no bcrypt hash/],
    [`alice:$2b$31$${rest.slice(3)}`, /cost outside/],
    [`alice:$2b$03$${rest.slice(3)}`, /cost outside/],
    [`alice:${hash.slice(0, -1)}`, /no bcrypt hash/],
    [`alice:${hash}\nalice:${hash}`, /line 2 names a user for the second time/],
  ] as const) {
    assert.throws(
      () => parseHtpasswd(line),
      (error: Error) => why.test(error.message) && !error.message.includes('secret'),
      line,
    )
  }
})
