// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canMove, moveState, type ProcessMove, type ProcessState } from './process-state.ts'

const states = ['creating', 'created', 'running', 'paused', 'stopped', 'deleted'] as const
const allowed: Record<ProcessMove, Partial<Record<ProcessState, ProcessState>>> = {
  create: { creating: 'created' },
  start: { created: 'running' },
  pause: { running: 'paused' },
  resume: { paused: 'running' },
  exit: { creating: 'stopped', created: 'stopped', running: 'stopped', paused: 'stopped' },
  delete: { creating: 'deleted', created: 'deleted', stopped: 'deleted' },
}

test('a process moves exactly as it may', () => {
  for (const move of Object.keys(allowed) as ProcessMove[]) {
    for (const state of states) {
      const next = allowed[move][state]
      assert.equal(canMove(state, move), next !== undefined, `${move} a ${state} process`)
      if (next !== undefined) assert.equal(moveState(state, move), next)
      else {
        const code = state === 'deleted' ? 'not-found' : 'failed-precondition'
        assert.throws(() => moveState(state, move), { code, message: new RegExp(`^cannot ${move} a ${state} process`) })
      }
    }
  }
})
