// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOfRuntimeError } from './exec-runtime.ts'
import { errorIn } from './runtime-log.ts'

test('the last error of a log counts, whatever else is in it', () => {
  const lines = [
    '{"level":"error","msg":"first","time":"t"}',
    '{"level":"error","msg":" exec: \\"x\\": executable file not found in $PATH ","time":"t"}',
    '{"level":"warning","msg":"after"}',
    'not json',
    '{"level":"error","msg":5}',
    'null',
    '',
  ]
  assert.equal(errorIn(lines.join('\n')), 'exec: "x": executable file not found in $PATH')
  assert.equal(errorIn(''), undefined)
})

test('the words of runtimes give the class of an error', () => {
  assert.equal(codeOfRuntimeError('container does not exist'), 'not-found')
  assert.equal(codeOfRuntimeError('os: process already finished'), 'not-found')
  assert.equal(codeOfRuntimeError('container not running'), 'not-found')
  assert.equal(codeOfRuntimeError('container with given ID already exists'), 'already-exists')
  assert.equal(codeOfRuntimeError('no space left on device'), 'unknown')
})
