// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { errorCodes, hasCode, StackError } from '@teu/errors'
import { packAny, packJson, typeNameOf, unpackAny, unpackJson } from './any.ts'
import { errorFromGrpcStatus, grpcStatusOf } from './errors.ts'
import { Mount } from './gen/containerd/types/mount.ts'
import { isIdentifier, validateIdentifier } from './identifier.ts'
import { validateLabels } from './labels.ts'
import { inNamespace, leaseOf, namespaceOf } from './metadata.ts'
import { nanosecondsOf, timestampOf } from './timestamp.ts'

const invalid = (error: unknown) => hasCode(error, 'invalid-argument')

test('identifiers', () => {
  for (const good of ['a', 'moby', 'k8s.io', 'A-1_b.c', 'x'.repeat(76)]) assert.ok(isIdentifier(good), good)
  for (const bad of ['', '.', '..', 'a..b', '-a', 'a-', 'a/b', 'ä', 'a b', 'x'.repeat(77), 'a\n'])
    assert.throws(() => validateIdentifier(bad), invalid, bad)
})

test('a label may hold 4096 bytes with its key, counted in UTF-8', () => {
  validateLabels({ key: 'v'.repeat(4093) })
  assert.throws(() => validateLabels({ key: 'v'.repeat(4094) }), invalid)
  assert.throws(() => validateLabels({ key: 'ä'.repeat(2047) }), invalid)
})

test('a call without a namespace is a failed precondition, one with a bad name invalid', () => {
  assert.throws(() => namespaceOf({}), { code: 'failed-precondition', message: /namespace is required/ })
  assert.throws(() => namespaceOf(inNamespace('../x')), invalid)
  const options = inNamespace('moby', { lease: 'l1', timeoutMs: 5, metadata: { other: '1' } })
  assert.equal(namespaceOf(options), 'moby')
  assert.equal(leaseOf(options), 'l1')
  assert.deepEqual(options, {
    timeoutMs: 5,
    metadata: { other: '1', 'containerd-namespace': 'moby', 'containerd-lease': 'l1' },
  })
})

test('every code survives the wire', () => {
  for (const code of errorCodes) assert.equal(errorFromGrpcStatus(grpcStatusOf(new StackError(code, 'x'))).code, code)
})

test('an Any is opened under its name only', () => {
  const mount = { type: 'bind', source: '/a', target: '', options: ['ro'] }
  const any = packAny('containerd.types.Mount', Mount, mount)
  assert.deepEqual(unpackAny(any, 'containerd.types.Mount', Mount), mount)
  assert.deepEqual(unpackAny({ ...any, typeUrl: `type.googleapis.com/${any.typeUrl}` }, any.typeUrl, Mount), mount)
  assert.throws(() => unpackAny(any, 'containerd.types.Descriptor', Mount), invalid)
  assert.throws(() => unpackAny({ ...any, value: Uint8Array.of(0x0a, 200) }, any.typeUrl, Mount), invalid)
  assert.deepEqual(unpackJson(packJson('x', { a: 1 })), { a: 1 })
  assert.throws(() => unpackJson({ typeUrl: 'x', value: Uint8Array.of(0x7b) }), invalid)
  assert.equal(
    typeNameOf({ typeUrl: 'types.containerd.io/opencontainers/runtime-spec/1/Spec' }).endsWith('/Spec'),
    true,
  )
})

test('times before 1970 and fractions keep their value', () => {
  for (const value of [0n, -1n, 1_700_000_000_123_456_789n, -1_500_000_001n])
    assert.equal(nanosecondsOf(timestampOf(value)), value)
  assert.deepEqual(timestampOf(-1n), { seconds: -1n, nanos: 999_999_999 })
})
