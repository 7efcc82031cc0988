// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { hasCode, isAlreadyExists, isNotFound } from '@teu/errors'
import type { ContainerSpec } from '../spec/check-spec.ts'
import { defaultSpec } from '../spec/default-spec.ts'
import { type SavedState, StateDirectory, writeAtomically } from './state-file.ts'

const state: SavedState = {
  id: 'c',
  init_process_pid: 1,
  init_process_start: 2,
  created: '2020-01-01T00:00:00Z',
  rootless: false,
  cgroup_paths: {},
  bundle: '/b',
  rootfs: '/b/rootfs',
  owner: '',
  keyring: true,
  spec: defaultSpec() as ContainerSpec,
}

test('what was written is read back, and nothing else is left', (t) => {
  const directory = make(t)
  directory.claim('c')
  directory.write('c', state)
  assert.deepEqual(directory.read('c'), state)
  assert.deepEqual(readdirSync(directory.path('c')), ['state.json'])
  assert.deepEqual(directory.ids(), ['c'])
  directory.remove('c')
  directory.remove('c')
  assert.deepEqual(directory.ids(), [])
})

test('the state of a container of 0.1, whose start is a text, is read', (t) => {
  const directory = make(t)
  directory.claim('c')
  writeFileSync(join(directory.path('c'), 'state.json'), JSON.stringify({ ...state, init_process_start: '2' }))
  assert.deepEqual(directory.read('c'), state)
})

test('an id is taken once', (t) => {
  const directory = make(t)
  directory.claim('c')
  assert.throws(() => directory.claim('c'), isAlreadyExists)
})

test('a missing state is not found, a damaged one is data loss', (t) => {
  const directory = make(t)
  assert.throws(() => directory.read('c'), isNotFound)
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '{}',
    '{"init_process_pid":"1"}',
    '{"init_process_pid":1,"init_process_start":2}',
    '{"init_process_pid":1,"init_process_start":"x"}',
  ]) {
    mkdirSync(directory.path('c'), { recursive: true })
    writeFileSync(join(directory.path('c'), 'state.json'), text)
    assert.throws(
      () => directory.read('c'),
      (error) => hasCode(error, 'data-loss'),
      text,
    )
  }
})

test('a file that cannot be put in place leaves nothing beside it', (t) => {
  const directory = make(t)
  mkdirSync(join(directory.root, 'taken'), { recursive: true })
  writeFileSync(join(directory.root, 'taken/file'), '')
  assert.throws(() => writeAtomically(join(directory.root, 'taken'), 'x'), { code: 'EISDIR' })
  assert.deepEqual(readdirSync(directory.root), ['taken'])
})

function make(t: TestContext): StateDirectory {
  const root = mkdtempSync(join(tmpdir(), 'teu-runtime-state-'))
  t.after(() => rmSync(root, { recursive: true }))
  return new StateDirectory(join(root, 'state'))
}
