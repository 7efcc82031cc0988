// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { capabilityMasks } from './capabilities.ts'

test('names become bits; unknown and unavailable ones are left out with one warning', () => {
  const warnings: string[] = []
  const sets = {
    bounding: ['CAP_CHOWN', 'CAP_CHECKPOINT_RESTORE', 'CAP_X'],
    effective: ['CAP_X'],
    permitted: ['CAP_KILL'],
  }
  const masks = capabilityMasks(sets, 37, (message) => warnings.push(message))
  assert.deepEqual(masks, { bounding: 1n, effective: 0n, permitted: 32n, inheritable: 0n, ambient: 0n })
  assert.deepEqual(warnings, ['ignoring unknown or unavailable capabilities: [CAP_CHECKPOINT_RESTORE CAP_X]'])
})

test('absent sets are empty, and only what is permitted and inheritable is ambient', () => {
  const quiet = () => assert.fail('a warning')
  const empty = { bounding: 0n, effective: 0n, permitted: 0n, inheritable: 0n, ambient: 0n }
  assert.deepEqual(capabilityMasks(undefined, 40, quiet), empty)
  const sets = { permitted: ['CAP_KILL', 'CAP_CHOWN'], inheritable: ['CAP_KILL'], ambient: ['CAP_KILL', 'CAP_CHOWN'] }
  assert.equal(capabilityMasks(sets, 40, quiet).ambient, 32n)
})
