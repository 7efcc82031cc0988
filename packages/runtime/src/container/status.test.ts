// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { containerStatuses } from '@teu/oci-spec/runtime'
import { moves, requireMove } from './status.ts'

const allowed = {
  start: ['created'],
  exec: ['created', 'running'],
  pause: ['created', 'running'],
  resume: ['paused'],
} as const satisfies Record<keyof typeof moves, readonly string[]>

test('each move is allowed in its statuses and refused with a reason in the others', () => {
  for (const move of Object.keys(moves) as (keyof typeof moves)[]) {
    for (const status of containerStatuses) {
      if ((allowed[move] as readonly string[]).includes(status)) requireMove(move, status)
      else assert.throws(() => requireMove(move, status), { code: 'failed-precondition' }, `${move} ${status}`)
    }
  }
})

test('the reasons are the words that callers look for', () => {
  assert.throws(() => requireMove('start', 'running'), { message: 'cannot start an already running container' })
  assert.throws(() => requireMove('start', 'stopped'), { message: 'cannot start a container that has stopped' })
  assert.throws(() => requireMove('resume', 'running'), { message: 'container not paused' })
})
