// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { errorCodes } from './codes.ts'
import { codeFromGrpc, grpcCodeOf } from './grpc-code.ts'
import { codeFromHttp, httpStatusOf } from './http-status.ts'
import { codeOf, isNotFound, toStackError, wrap } from './resolve.ts'
import { isStackError, StackError } from './stack-error.ts'

test('the outermost code of a cause chain wins', () => {
  const inner = new StackError('not-found', 'no such blob')
  const plain = new Error('reading', { cause: inner })
  assert.equal(codeOf(plain), 'not-found')
  assert.equal(codeOf(new StackError('unavailable', 'gone', { cause: plain })), 'unavailable')
  assert.equal(isNotFound(wrap(plain, 'pull busybox')), true)
  assert.equal(wrap(inner, 'pull busybox').message, 'pull busybox: no such blob')
})

test('a cause chain that loops ends as unknown', () => {
  const a = new Error('a')
  a.cause = a
  assert.equal(codeOf(a), 'unknown')
})

test('abort and timeout have codes of their own', () => {
  assert.equal(codeOf(AbortSignal.abort().reason), 'cancelled')
  assert.equal(codeOf(new DOMException('late', 'TimeoutError')), 'deadline-exceeded')
})

test('another copy of the class is recognised, a look-alike is not', () => {
  const other = Object.assign(new Error('x'), { code: 'conflict', [Symbol.for('@teu/errors/StackError')]: true })
  assert.equal(isStackError(other), true)
  assert.equal(codeOf(other), 'conflict')
  assert.equal(isStackError({ code: 'conflict', message: 'x' }), false)
  assert.equal(toStackError('text').message, 'text')
})

test('every code survives the gRPC wire', () => {
  const suffix: Record<string, string> = { conflict: 'x: conflict', 'not-modified': 'x: not modified' }
  for (const code of errorCodes) assert.equal(codeFromGrpc(grpcCodeOf(code), suffix[code] ?? 'x'), code)
  assert.equal(codeFromGrpc(99), 'unknown')
})

test('every code has an HTTP status, and unlisted statuses a class', () => {
  for (const code of errorCodes) assert.ok(httpStatusOf(code) >= 300, code)
  assert.equal(codeFromHttp(404), 'not-found')
  assert.equal(codeFromHttp(418), 'invalid-argument')
  assert.equal(codeFromHttp(502), 'internal')
})
