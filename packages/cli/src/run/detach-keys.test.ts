// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { DetachDetector, parseDetachKeys } from './detach-keys.ts'

test('key sequences', () => {
  assert.deepEqual([...parseDetachKeys('ctrl-p,ctrl-q')], [16, 17])
  assert.deepEqual([...parseDetachKeys('a,ctrl-@,ctrl-[,ctrl-_,DEL')], [97, 0, 27, 31, 127])
  assert.throws(() => parseDetachKeys('ctrl-1'), { message: "Unknown character: 'ctrl-1'" })
  assert.throws(() => parseDetachKeys(''), { message: "Unknown character: ''" })
})

/** What goes on when `chunks` are typed, and whether the sequence was completed. */
function typed(keys: string, ...chunks: string[]): [forwarded: string, detached: boolean] {
  const detector = new DetachDetector(parseDetachKeys(keys))
  let forwarded = ''
  for (const chunk of chunks) {
    const { forward, detached } = detector.feed(Buffer.from(chunk))
    forwarded += Buffer.from(forward).toString()
    if (detached) return [forwarded, true]
  }
  return [forwarded, false]
}

test('the sequence is found however it is cut', () => {
  assert.deepEqual(typed('a,b', 'xaby'), ['x', true])
  assert.deepEqual(typed('a,b', 'xa', 'b'), ['x', true])
  assert.deepEqual(typed('a,b,c', 'a', 'b', 'c'), ['', true])
})

test('what only looked like it goes on, and may begin it anew', () => {
  assert.deepEqual(typed('a,b', 'a', 'x'), ['ax', false])
  assert.deepEqual(typed('a,b', 'aab'), ['a', true])
  assert.deepEqual(typed('a,b,c', 'abx'), ['abx', false])
})
