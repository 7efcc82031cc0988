// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test, { mock } from 'node:test'
import { IdleTimer } from './idle-timer.ts'

/** A timer under a clock of the test's, and how long it took to expire after `act`. */
async function expiry(act: (timer: IdleTimer) => void, isIdle = () => true, farewellMs = 3000): Promise<number> {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const timer = new IdleTimer(isIdle, farewellMs)
    let expired = false
    void timer.expired().then(() => {
      expired = true
    })
    act(timer)
    for (let ms = 0; ; ms += 100) {
      await Promise.resolve()
      if (expired) return ms
      assert.ok(ms < 300_000, 'never expires')
      mock.timers.tick(100)
    }
  } finally {
    mock.timers.reset()
  }
}

test('a shim that nobody came to waits a minute', async () => {
  assert.equal(await expiry(() => {}), 60_000)
})

test('a shim that was told to go waits a moment, or not at all', async () => {
  assert.equal(await expiry((timer) => timer.hurry(false)), 3000)
  assert.equal(await expiry((timer) => timer.hurry(true)), 100)
  const one = (timer: IdleTimer) => timer.hurry(false)
  assert.equal(await expiry(one, () => true, 0), 100)
})

test('a visitor after the farewell delays it by no more than another farewell', async () => {
  const act = (timer: IdleTimer) => {
    timer.hurry(false)
    timer.touch()
  }
  assert.equal(await expiry(act), 3000)
})

test('a container that came after the farewell is not left after a moment', async () => {
  let checks = 0
  assert.equal(
    await expiry(
      (timer) => timer.hurry(false),
      () => checks++ > 0,
    ),
    63_000,
  )
})
