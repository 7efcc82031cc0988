// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { digestOf } from '@teu/oci-spec/image'
import { inMemory } from './database.ts'
import { ReferenceIndex } from './reference-index.ts'

test('names of tags come in the order of their characters, from behind one on, and so many', () => {
  const index = new ReferenceIndex(inMemory)
  const [a, b] = [index.repositories.idOf('a'), index.repositories.idOf('b')]
  for (const name of ['v10', 'v2', 'V1', 'v1.0-rc_1', '0']) index.tags.set(a, name, digestOf('x'), 0)
  index.tags.set(b, 'other', digestOf('x'), 0)
  assert.deepEqual(index.tags.names('a', '', 10), ['0', 'V1', 'v1.0-rc_1', 'v10', 'v2'])
  assert.deepEqual(index.tags.names('a', 'V1', 2), ['v1.0-rc_1', 'v10'])
  for (const none of [index.tags.names('a', 'v2', 10), index.tags.names('a', '', 0), index.tags.names('c', '', 10)])
    assert.deepEqual(none, [])
  index.close()
})
