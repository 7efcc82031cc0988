// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkIdentifier } from './identifier.ts'

test('identifiers are those of containerd, and never a path', () => {
  for (const id of ['a', 'abc-1', 'A_b.c', 'f'.repeat(64), 'x'.repeat(76)]) checkIdentifier(id, 'id')
  for (const id of ['', '.', '..', 'a/b', '../x', 'a..', '-a', 'a b', 'a\0', 'é', 'x'.repeat(77)]) {
    assert.throws(() => checkIdentifier(id, 'id'), { code: 'invalid-argument' }, JSON.stringify(id))
  }
})
