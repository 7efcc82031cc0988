// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { codeOf } from '@teu/errors'
import { chooseRuntime } from './runtime-choice.ts'

test('a runtime is a shim, runc, or one that was configured', () => {
  const teu = 'io.containerd.teu.v1'
  assert.deepEqual(chooseRuntime('', teu, {}), { name: teu, options: undefined })
  assert.deepEqual(chooseRuntime('runc', teu, {}), { name: 'io.containerd.runc.v2', options: undefined })
  assert.deepEqual(chooseRuntime('io.x.v1', teu, { 'io.x.v1': { runtimeType: 'y' } }), {
    name: 'y',
    options: undefined,
  })
  for (const name of ['nope', 'constructor', '../x']) {
    assert.throws(
      () => chooseRuntime(name, teu, {}),
      (error) => codeOf(error) === 'invalid-argument',
      name,
    )
  }
})

test('a configured program travels as the sixth field of the options', () => {
  const { name, options } = chooseRuntime('crun', 'io.containerd.runc.v2', { crun: { path: '/usr/bin/crun' } })
  assert.equal(name, 'io.containerd.runc.v2')
  assert.equal(options?.typeUrl, 'containerd.runc.v1.Options')
  assert.deepEqual([...(options?.value ?? [])].slice(0, 2), [0x32, 13])
  assert.equal(
    Buffer.from(options?.value ?? [])
      .subarray(2)
      .toString(),
    '/usr/bin/crun',
  )
  const long = chooseRuntime('x', 'io.containerd.runc.v2', { x: { path: `/${'p'.repeat(299)}` } }).options?.value
  assert.deepEqual([...(long ?? [])].slice(0, 3), [0x32, 0xac, 0x02])
})
