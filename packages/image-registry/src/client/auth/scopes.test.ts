// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { coverScopes, mergeScopes } from './scopes.ts'

test('scopes of the same thing become one', () => {
  assert.deepEqual(mergeScopes(['repository:a:pull', 'repository:b:pull'], ['repository:a:pull,push', '']), [
    'repository:a:pull,push',
    'repository:b:pull',
  ])
  assert.deepEqual(mergeScopes(['repository:host:5000/a:pull'], ['repository:host:5000/a:push']), [
    'repository:host:5000/a:pull,push',
  ])
})

test('what is allowed is more or the same', () => {
  assert.ok(coverScopes(['repository:a:pull,push'], ['repository:a:push']))
  assert.ok(coverScopes(['registry:catalog:*'], ['registry:catalog:*']))
  assert.ok(coverScopes(['repository:a:*'], ['repository:a:delete']))
  assert.ok(!coverScopes(['repository:a:pull'], ['repository:a:pull,push']))
  assert.ok(!coverScopes(['repository:a:pull'], ['repository:b:pull']))
  assert.ok(coverScopes([], []))
})

const scope = fc
  .tuple(fc.constantFrom('a', 'b/c', 'h:5/d'), fc.subarray(['pull', 'push', 'delete'], { minLength: 1 }))
  .map(([name, actions]) => `repository:${name}:${actions.join(',')}`)

test('merged scopes cover each of their parts, and merging again changes nothing', () => {
  fc.assert(
    fc.property(fc.array(scope), fc.array(scope), (a, b) => {
      const merged = mergeScopes(a, b)
      assert.ok(
        coverScopes(
          merged,
          [...a, ...b].flatMap((one) => mergeScopes([one])),
        ),
      )
      assert.deepEqual(mergeScopes(merged), merged)
      assert.ok(coverScopes(mergeScopes(b, a), merged))
    }),
  )
})
