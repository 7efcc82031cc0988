// SPDX-License-Identifier: Apache-2.0
// A sample of what `npm run kill-sweep` does at every step.
import assert from 'node:assert/strict'
import test from 'node:test'
import { operations } from './kill-sweep/operations.ts'
import { type Kill, sweep } from './kill-sweep/sweep.ts'

for (const [index, operation] of operations.entries()) {
  test(`killed now and then: ${operation.name}`, async () => {
    const kills: Kill[] = []
    await sweep(operation, { first: 2 + index, stride: 13, onKill: (kill) => kills.push(kill) })
    assert.ok(kills.length > 1, 'it was never killed')
  })
}
