// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { Gate, Gates } from './gate.ts'
import { Holds } from './holds.ts'
import { Turns } from './turns.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a gate lets many in together, and one alone', async () => {
  const gate = new Gate()
  const log: string[] = []
  const work = (name: string) => async () => {
    log.push(`+${name}`)
    await turn()
    log.push(`-${name}`)
  }
  const first = [gate.shared(work('a')), gate.shared(work('b'))]
  await Promise.resolve().then(() => Promise.resolve())
  const alone = gate.exclusive(work('X'))
  const failing = gate.exclusive(() => Promise.reject(new Error('no')))
  const last = gate.shared(work('c'))
  await assert.rejects(failing, { message: 'no' })
  await Promise.all([...first, alone, last])
  assert.deepEqual(log, ['+a', '+b', '-a', '-b', '+X', '-X', '+c', '-c'])
})

test('gates of different names know nothing of one another', async () => {
  const gates = new Gates()
  const { promise, resolve } = Promise.withResolvers<void>()
  const stuck = gates.exclusive('a', () => promise)
  assert.equal(await gates.shared('b', async () => 'b'), 'b')
  resolve()
  await stuck
})

test('turns of one key follow one another, also behind a failure', async () => {
  const turns = new Turns()
  const log: string[] = []
  const work = (name: string, fails = false) =>
    turns.run('k', async () => {
      log.push(`+${name}`)
      await turn()
      log.push(`-${name}`)
      if (fails) throw new Error(name)
    })
  const all = [work('a', true), work('b'), turns.run('other', async () => void log.push('other'))]
  assert.equal(turns.isBusy('k'), true)
  await Promise.allSettled(all)
  assert.deepEqual(log, ['+a', 'other', '-a', '+b', '-b'])
  await turn()
  assert.equal(turns.isBusy('k'), false)
})

test('what is kept is pinned, and what is going is waited for', async () => {
  const holds = new Holds()
  await holds.keeping(['a'], async () => {
    assert.equal(holds.isPinned('a'), true)
    await holds.keeping(['a', 'b'], async () => {})
    assert.equal(holds.isPinned('a'), true)
    assert.equal(holds.isPinned('b'), false)
  })
  assert.equal(holds.isPinned('a'), false)
  const { promise, reject } = Promise.withResolvers<void>()
  holds.going('a', promise)
  let isIn = false
  const waiting = holds.keeping(['b', 'a'], async () => {
    isIn = true
  })
  await turn()
  assert.equal(isIn, false)
  assert.equal(holds.isPinned('b'), false)
  reject(new Error('it did not go'))
  await waiting
  assert.equal(isIn, true)
})
